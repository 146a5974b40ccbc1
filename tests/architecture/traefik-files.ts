// Traefik's files as Traefik reads them: Go templates rendered from an environment, then parsed. Knows the
// template forms that stand in them; any other is a fault here rather than a wrong answer later.

import { parse } from 'yaml'
import { readSources, readText } from './repository.ts'

/** What the launcher sets for Traefik, with values that are easy to find again. */
export const environment: Readonly<Record<string, string>> = {
  SALLYPORT_VERIFY_URL: 'https://127.0.0.1:4001',
  SALLYPORT_AUTH_URL: 'https://127.0.0.1:4002',
  SALLYPORT_BACKEND_URL: 'https://127.0.0.1:4003,https://127.0.0.1:4013',
  SALLYPORT_FRONTEND_URL: 'https://127.0.0.1:4004',
  SALLYPORT_ADMIN_URL: 'https://127.0.0.1:4005',
  SALLYPORT_TRAEFIK_TLS: '/keys/traefik',
  SALLYPORT_ENTRY_POINTS: 'web,web6',
}

/** Renders a file's templates; throws on one that is not understood. */
export function renderTemplate(text: string): string {
  const valueOf = (name: string): string => {
    const value = environment[name]
    if (value === undefined) throw new Error(`the launcher does not set ${name}`)
    return value
  }
  const rendered = text
    .replace(
      /\{\{ range splitList "," \(env "(\w+)"\) \}\}(.*?)\{\{ end \}\}/g,
      (_all, name: string, each: string) =>
        valueOf(name)
          .split(',')
          .map((entry) => each.replaceAll('{{ . }}', entry))
          .join(''),
    )
    .replace(/\{\{ splitList "," \(env "(\w+)"\) \| toJson \}\}/g, (_all, name: string) =>
      JSON.stringify(valueOf(name).split(',')),
    )
    .replace(
      /\{\{ env "(\w+)" \| default "(\w+)" \}\}/g,
      (_all, name: string, fallback: string) => environment[name] ?? fallback,
    )
    .replace(/\{\{ env "(\w+)" \}\}/g, (_all, name: string) => valueOf(name))
  if (rendered.includes('{{')) throw new Error('a template of an unknown form')
  return rendered
}

export type Middleware = Readonly<Record<string, Readonly<Record<string, unknown>>>>

export type Router = {
  readonly entryPoints: readonly string[]
  readonly rule: string
  readonly priority: number
  readonly middlewares?: readonly string[]
  readonly service: string
}

export type DynamicConfig = {
  readonly routers: Readonly<Record<string, Router>>
  readonly middlewares: Readonly<Record<string, Middleware>>
  readonly services: Readonly<Record<string, unknown>>
  readonly serversTransports: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

type Section = Record<string, unknown>

/** All dynamic files merged; throws when two define the same name, since Traefik would take neither. */
export function readDynamicConfig(): DynamicConfig {
  const merged = new Map<string, Section>()
  for (const [path, text] of readSources(/^traefik-config\/dynamic\/.*\.ya?ml$/)) {
    const { http, ...others } = parse(renderTemplate(text)) as { http: Record<string, Section> }
    if (Object.keys(others).length > 0) throw new Error(`${path} holds more than http`)
    for (const [section, entries] of Object.entries(http)) {
      const known = merged.get(section) ?? {}
      const twice = Object.keys(entries).find((name) => name in known)
      if (twice !== undefined) throw new Error(`${path}: ${section}.${twice} stands twice`)
      merged.set(section, { ...known, ...entries })
    }
  }
  return Object.fromEntries(merged) as unknown as DynamicConfig
}

export type EntryPoint = {
  readonly address: string
  readonly http: {
    readonly aliasHeadersStrategy?: string
    readonly maxHeaderBytes?: number
    readonly encodedCharacters?: Readonly<Record<string, boolean>>
  }
  readonly forwardedHeaders?: unknown
}

export type StaticConfig = {
  readonly providers: Readonly<Record<string, unknown>>
  readonly accessLog: {
    readonly fields: {
      readonly queryParameters?: { readonly defaultMode?: string }
      readonly headers?: { readonly defaultMode?: string }
    }
  }
  readonly entryPoints: Readonly<Record<string, EntryPoint>>
  readonly api?: Readonly<Record<string, unknown>>
}

/** The static file. */
export function readStaticConfig(): StaticConfig {
  return parse(readText('traefik-config/traefik.yml')) as StaticConfig
}
