// What is built from others' releases: none older than the fixes it needs, exact, and with the sum of its content.

import { describe, expect, it } from 'vitest'
import { isNewEnough, traefikVersion } from '../../launcher/src/traefik/find-traefik.ts'
import { documentOf, sectionOf, tableRows } from './documents.ts'
import { readSources, readText } from './repository.ts'

type Locked = { readonly version?: string; readonly integrity?: string; readonly link?: boolean }
const lock = JSON.parse(readText('package-lock.json')) as {
  readonly packages: Readonly<Record<string, Locked>>
}
const foreign = Object.entries(lock.packages).filter(
  ([path, { link }]) => path.includes('node_modules/') && !link,
)

/** No older one may be installed anywhere in the tree; SECURITY.md says why, where the reason is an attack. */
const npmFloors = { ws: '8.23.0', jose: '6.2.17' }
const traefikFloor = '3.7.11'

/** True when a release is the floor or a later one; a prerelease never is. */
function isAtLeast(version: string, floor: string): boolean {
  const [given, needed] = [version, floor].map((text) => text.split('.').map(Number))
  if (!/^\d+\.\d+\.\d+$/.test(version) || !given || !needed) return false
  const at = needed.findIndex((part, index) => part !== given[index])
  return at === -1 || (given[at] ?? 0) > (needed[at] ?? 0)
}

describe('dependencies', () => {
  it.each(
    Object.entries(npmFloors),
  )('SUP-1 no %s older than %s is installed, at whatever depth', (name, floor) => {
    const versions = foreign
      .filter(([path]) => path.endsWith(`node_modules/${name}`))
      .map(([, { version = '' }]) => version)
    expect(versions.length).toBeGreaterThan(0)
    expect(versions.filter((version) => !isAtLeast(version, floor))).toEqual([])
  })

  it('SUP-1 the Traefik that is built, and the oldest that is taken from PATH, have the fixes that count', () => {
    const built = /github\.com\/traefik\/traefik\/v3 v(\S+)/.exec(
      readText('launcher/traefik/go.mod'),
    )
    expect(built?.[1]).toBe(traefikVersion)
    expect(isAtLeast(traefikVersion, traefikFloor)).toBe(true)
    expect(isNewEnough(traefikVersion)).toBe(true)
    expect(['2.11.43', '3.6.14', '3.7.10', `${traefikVersion}-rc.1`].filter(isNewEnough)).toEqual(
      [],
    )
  })

  it('SUP-1 every package of the lock file is held to the sum of its content', () => {
    expect(foreign.length).toBeGreaterThan(100)
    const loose = foreign.filter(([, { integrity = '' }]) => !integrity.startsWith('sha512-'))
    expect(loose.map(([path]) => path)).toEqual([])
    expect(readText('launcher/traefik/go.sum')).toContain(
      `github.com/traefik/traefik/v3 v${traefikVersion} h1:`,
    )
  })

  it('SUP-1 every package.json names exact versions', () => {
    const manifests = readSources(/(?:^|\/)package\.json$/)
    expect(manifests.size).toBeGreaterThan(8)
    const loose = [...manifests].flatMap(([path, text]) => {
      const manifest = JSON.parse(text) as Record<string, Record<string, string> | undefined>
      const kinds = ['dependencies', 'devDependencies', 'optionalDependencies']
      return kinds
        .flatMap((kind) => Object.entries(manifest[kind] ?? {}))
        .filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))
        .map(([name, version]) => `${path}: ${name} ${version}`)
    })
    expect(loose).toEqual([])
  })

  it('SUP-1 SECURITY.md states the floors that are kept', () => {
    const rows = tableRows(sectionOf(documentOf('SECURITY.md'), '## Floors of dependencies'))
    const stated = Object.fromEntries(rows.map(([name = '', version = '']) => [name, version]))
    expect(stated).toMatchObject({ ...npmFloors, traefik: traefikVersion })
  })
})
