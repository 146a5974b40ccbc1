// The mark: a gatehouse with one small door.

/** A decorative mark in the current text colour. */
export function GateMark({ className }: { readonly className: string }) {
  return (
    <svg className={className} viewBox="0 0 24 24" fill="currentColor" aria-hidden="true">
      <path d="M1.5 22V4.5H6v3h3.750v-3h4.5v3H18v-3h4.5V22h-6v-5.5a4.5 4.5 0 0 0-9 0V22Z" />
    </svg>
  )
}
