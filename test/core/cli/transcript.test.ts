/** The stored sessions of the real zkCli, played in the simulator: the same lines, on the same stream, and the same exit
 *  codes. What differs is listed here, command by command, with its reason. */
import { expect, test } from 'vitest'
import { type Block, blocks, differing, names, normalised, script, wanted } from '../../transcript/golden.ts'
import { Player } from '../../transcript/player.ts'
import { SimStage } from '../../transcript/sim-stage.ts'

/** By file: the commands whose output differs, and why. */
const differences: { readonly [file: string]: { readonly [command: string]: string } } = {
  '90-volatile': {
    '> deleteall /zookeeper/quota': 'with the real client it depends on its timing whether the line is printed',
  },
}

/** Real ms, for machines that are busy with other tests. */
const PATIENCE_MS = 60_000

async function played(name: string): Promise<Block[]> {
  const wantedScript = script(name)
  return blocks(normalised(await new Player(new SimStage(wantedScript.needs), wantedScript).play()))
}

test.each(names)('%s', { timeout: PATIENCE_MS }, async (name) => {
  const ours = await played(name)
  const theirs = wanted(name)
  const listed = Object.keys(differences[name] ?? {})
  // What is listed is left out on both sides, so that a failure shows the lines.
  const rest = (list: readonly Block[]) => list.filter(({ command }) => !listed.includes(command))
  expect(rest(ours)).toEqual(rest(theirs))
  expect(ours.map(({ command }) => command)).toEqual(theirs.map(({ command }) => command))
  expect([...new Set(differing(ours, theirs).map(({ command }) => command))]).toEqual(listed)
})

test('all of the recorded commands are played', () => {
  expect(names.length).toBe(31)
  expect(names.flatMap((name) => wanted(name)).length).toBe(1299)
})
