// Many ends at once: dead at once, goodbyes in slices. Turns of the event loop are the test's to begin.

import { describe, expect, it } from 'vitest'
import { makeFakeConnection } from '../testing/fake-connection.ts'
import { createEndMany, goodbyesPerTurn } from './end-many.ts'

function make(count: number) {
  const turns: (() => void)[] = []
  const endMany = createEndMany((turn) => void turns.push(turn))
  const connections = Array.from({ length: count }, (_, n) => makeFakeConnection(`c${n}`))
  const told = () => connections.filter(({ said }) => said.at(-1) === 'goodbye').length
  const dead = () => connections.filter((connection) => connection.isDead()).length
  return { turns, endMany, connections, told, dead }
}

/** Lets one turn of the event loop pass. */
function pass(turns: (() => void)[]): void {
  for (const turn of turns.splice(0)) turn()
}

describe('ending many', () => {
  it('W88 of 5,000 sockets all are dead at once, and no turn says more goodbyes than its share', () => {
    const { turns, endMany, connections, told, dead } = make(5000)
    endMany(connections, 'sessionRevoked')
    expect([dead(), told()]).toEqual([5000, goodbyesPerTurn])
    const perTurn: number[] = []
    while (turns.length > 0) {
      const before = told()
      pass(turns)
      perTurn.push(told() - before)
    }
    // The last turn finds nothing left.
    expect(perTurn).toEqual([
      ...Array.from({ length: 5000 / goodbyesPerTurn - 1 }, () => goodbyesPerTurn),
      0,
    ])
    for (const { said } of connections) expect(said).toEqual(['sessionRevoked', 'goodbye'])
  })

  it('W88 many lines that end one each share a turn’s goodbyes as one line does', () => {
    const { turns, endMany, connections, told, dead } = make(goodbyesPerTurn * 2 + 50)
    for (const connection of connections) endMany([connection], 'tokenInvalid')
    expect([dead(), told(), turns.length]).toEqual([connections.length, goodbyesPerTurn, 1])
    pass(turns)
    expect(told()).toBe(goodbyesPerTurn * 2)
    pass(turns)
    expect(told()).toBe(connections.length)
  })

  it('tells a few at once, and the next few after a turn at once again', () => {
    const { turns, endMany, connections, told } = make(2)
    endMany(connections.slice(0, 1), 'tokenInvalid')
    expect(told()).toBe(1)
    pass(turns)
    expect(turns).toEqual([])
    endMany(connections.slice(1), 'tokenInvalid')
    expect(told()).toBe(2)
  })
})
