// What the Makefile would run; nothing is run here.

import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..', '..')

function recipeOf(cwd: string, ...words: string[]): string {
  const { PATH } = process.env
  const env = { PATH }
  return spawnSync('make', ['-n', ...words], { cwd, env, encoding: 'utf8' }).stdout
}

it('R3.5 follows logs for FOLLOW=1 and not for FOLLOW=0', () => {
  expect(recipeOf(root, 'logs', 'FOLLOW=1')).toContain('--follow')
  const recipe = recipeOf(root, 'logs', 'FOLLOW=0')
  expect(recipe).toContain('main.ts logs')
  expect(recipe).not.toContain('--follow')
})

it('RX.14 hands on DROP_OLD as it is, so that a 0 is refused and does not rotate', () => {
  expect(recipeOf(root, 'rotate', 'KEY=token', 'DROP_OLD=0')).toContain('token --drop-old=0')
  expect(recipeOf(root, 'rotate', 'KEY=token', 'DROP_OLD=')).not.toContain('--drop-old')
})

it('works in its own folder when it is called from another', () => {
  const recipe = recipeOf(tmpdir(), '-f', join(root, 'Makefile'), 'logs', 'SERVICE=launcher')
  expect(recipe).toContain(`make -C '${root}' logs`)
  expect(recipe).toContain('main.ts logs launcher')
})
