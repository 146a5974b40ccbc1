// The picture beside the form: a wall at dusk, a raised portcullis, light from inside. Drawn, not loaded:
// the page's policy allows no foreign pictures, and colours follow the theme.

const courseHeight = 40
const archPath = 'M156 720 V470 A84 84 0 0 1 324 470 V720 Z'

/** A decorative wall with an open gate. */
export function GateArt() {
  return (
    <svg className="gate-art" viewBox="0 0 480 720" preserveAspectRatio="xMidYMax slice">
      <defs>
        <pattern id="masonry" width="96" height={courseHeight * 2} patternUnits="userSpaceOnUse">
          <path className="art-joint" d="M0 0H96M0 40H96M24 0V40M72 40V80" />
          <path className="art-chip" d="M25 3H70M73 43H118M-23 43H22" />
        </pattern>
        <clipPath id="gate-opening">
          <path d={archPath} />
        </clipPath>
        <radialGradient id="lantern" cx="0.5" cy="1" r="0.95">
          <stop offset="0" className="art-glow-core" />
          <stop offset="0.5" className="art-glow-rim" />
          <stop offset="1" className="art-glow-end" />
        </radialGradient>
        <linearGradient id="dusk" x1="0" y1="0" x2="0" y2="1">
          <stop offset="0" className="art-sky-high" />
          <stop offset="1" className="art-sky-low" />
        </linearGradient>
      </defs>
      <rect width="480" height="720" fill="url(#dusk)" />
      <Wall />
      <path className="art-dark" d={archPath} />
      <g clipPath="url(#gate-opening)">
        <path d={archPath} fill="url(#lantern)" />
        <Portcullis />
      </g>
      {/* Wedge stones: one wide dashed stroke along the arch. */}
      <path className="art-voussoirs" d="M144 720 V470 A96 96 0 0 1 336 470 V720" />
      <path className="art-keystone" d="M228 362 h24 l6 34 h-36 Z" />
      <path className="art-spill" d="M156 720 L324 720 L372 740 L108 740 Z" />
    </svg>
  )
}

function Wall() {
  const merlons = [-30, 66, 162, 258, 354, 450]
  return (
    <g>
      {merlons.map((x) => (
        <rect key={x} className="art-stone" x={x} y="200" width="58" height="62" />
      ))}
      {merlons.map((x) => (
        <path key={x} className="art-chip" d={`M${x + 1} 202h56`} />
      ))}
      <rect className="art-stone" y="256" width="480" height="464" />
      <rect y="256" width="480" height="464" fill="url(#masonry)" />
      <path className="art-coping" d="M0 262H480" />
      <path className="art-slit" d="M72 420v58M66 446h12M408 420v58M402 446h12" />
    </g>
  )
}

function Portcullis() {
  const bars = [170, 198, 226, 254, 282, 310]
  return (
    <g className="art-iron">
      {bars.map((x) => (
        <path key={x} d={`M${x} 370 V520 l0 14`} />
      ))}
      <path d="M150 430H330M150 466H330M150 502H330" />
      {bars.map((x) => (
        <path key={x} className="art-spike" d={`M${x - 5} 522 h10 l-5 20 Z`} />
      ))}
    </g>
  )
}
