/** The shell's parts that need no ensemble. */
import { describe, expect, test } from 'vitest'
import { clientConfigText } from '../../../src/core/cli/config-text.ts'
import { parseAcl, statLines } from '../../../src/core/cli/format.ts'
import { dateText, decodeInteger, parseInteger, parseLong, propertiesOrder } from '../../../src/core/cli/java.ts'
import { letters, type OptionsSpec, parseOptions } from '../../../src/core/cli/options.ts'
import { parseInvocation, splitWords, withoutSecrets } from '../../../src/core/cli/words.ts'
import { asZxid } from '../../../src/core/wire/ids.ts'

describe('words of a line', () => {
  test.each([
    ['get /a', ['get', '/a']],
    ['  get\t/a  ', ['get', '/a']],
    ['set /a "two words"', ['set', '/a', 'two words']],
    [`set /a 'with "double" inside'`, ['set', '/a', 'with "double" inside']],
    ['set /a ""', ['set', '/a', '']],
    ['set /a "unterminated', ['set', '/a', 'unterminated']],
    ['set /a mid"quote', ['set', '/a', 'mid"quote']],
    ['set /a "a""b"', ['set', '/a', 'a', 'b']],
    ['get /a\u00a0b', ['get', '/a\u00a0b']],
    [' ', [' ']],
    ['"', []],
  ])('%s', (line, words) => {
    expect(splitWords(line)).toEqual(words)
  })
})

describe('what is told of a line', () => {
  test.each([
    ['addauth digest bob:secret', 'addauth digest ***'],
    ['  addauth   digest   "bob:secret word"', '  addauth   digest   ***'],
    ['"addauth" digest bob:secret', '"addauth" digest ***'],
    ['AddAuth digest bob:secret', 'AddAuth digest ***'],
    ['12 - addauth digest bob:secret', '12 - addauth digest ***'],
    ['zkCli.sh -server zk1:2181 addauth digest bob:secret', 'zkCli.sh -server zk1:2181 addauth digest ***'],
    ['addauth digest', 'addauth digest'],
    ['create /addauth digest secret', 'create /addauth digest secret'],
  ])('%s', (line, told) => {
    expect(withoutSecrets(line)).toBe(told)
  })
})

describe('options', () => {
  const parse = (text: string, spec: OptionsSpec) => {
    const line = parseOptions(['cmd', ...text.split(' ').filter((word) => word !== '')], spec)
    return {
      args: line.args.slice(1),
      has: (name: string) => line.has(name),
      value: (name: string) => line.value(name),
    }
  }

  test('stand anywhere among the arguments', () => {
    const line = parse('/a -s x -v 5', letters('sv:'))
    expect([line.args, line.has('s'), line.value('v')]).toEqual([['/a', 'x'], true, '5'])
  })
  test('of one letter may be joined, the last with its value', () => {
    const line = parse('-sv5 /a', letters('sv:'))
    expect([line.args, line.has('s'), line.value('v')]).toEqual([['/a'], true, '5'])
  })
  test('may take their value after an equals sign', () => {
    expect(parse('-v=5', letters('v:')).value('v')).toBe('5')
  })
  test('a negative number is a value', () => {
    expect(parse('-v -1', letters('v:')).value('v')).toBe('-1')
  })
  test('end at two hyphens', () => {
    expect(parse('-- -s', letters('s')).args).toEqual(['-s'])
  })
  test('given twice count once', () => {
    expect(parse('-v 1 -v 2', letters('v:')).value('v')).toBe('1')
  })
  const exclusive: OptionsSpec = {
    options: [
      { name: 'n', hasValue: true, description: 'first' },
      { name: 'b', hasValue: true, description: 'second' },
    ],
    exclusive: 'required',
  }
  test.each<[string, OptionsSpec, string]>([
    ['-x', letters('s'), 'UnrecognizedOptionException: Unrecognized option: -x'],
    ['-sx', letters('s'), 'UnrecognizedOptionException: Unrecognized option: -sx'],
    ['--stat', letters('s'), 'UnrecognizedOptionException: Unrecognized option: --stat'],
    ['-s=1', letters('s'), 'UnrecognizedOptionException: Unrecognized option: -s=1'],
    ['-5', letters('s'), 'UnrecognizedOptionException: Unrecognized option: -5'],
    ['/a -v', letters('v:'), 'MissingArgumentException: Missing argument for option: v'],
    ['-v -s', letters('v:s'), 'MissingArgumentException: Missing argument for option: v'],
    ['/a', exclusive, 'MissingOptionException: Missing required option: [-n first, -b second]'],
    [
      '-n 1 -b 2',
      exclusive,
      "AlreadySelectedException: The option 'b' was specified but an option from this group has already been selected: 'n'",
    ],
  ])('%s is refused', (text, spec, message) => {
    expect(() => parse(text, spec)).toThrow(`org.apache.commons.cli.${message}`)
  })
})

describe('numbers are Java numbers', () => {
  test.each<[() => unknown, unknown]>([
    [() => parseInteger('+7'), 7],
    [() => parseInteger('-2147483648'), -2147483648],
    [() => parseLong('9223372036854775807'), 9223372036854775807n],
    [() => parseLong('-ff', 16), -255n],
    [() => decodeInteger('0x1F'), 31],
    [() => decodeInteger('#1f'), 31],
    [() => decodeInteger('-010'), -8],
    [() => decodeInteger('0'), 0],
  ])('%s', (read, value) => {
    expect(read()).toBe(value)
  })
  test.each<[() => unknown, string]>([
    [() => parseInteger(''), 'For input string: ""'],
    [() => parseInteger('2147483648'), 'For input string: "2147483648"'],
    [() => parseInteger('1.5'), 'For input string: "1.5"'],
    [() => parseInteger('\u0661'), 'For input string: "\u0661"'],
    [() => parseLong('g', 16), 'For input string: "g" under radix 16'],
    [() => decodeInteger(''), 'Zero length string'],
    [() => decodeInteger('0b1'), 'For input string: "b1" under radix 8'],
    [() => decodeInteger('0x-1'), 'Sign character in wrong position'],
  ])('%s is refused', (read, message) => {
    expect(read).toThrow(message)
  })
})

test('dates are those of Date.toString in UTC', () => {
  const days = [0, 951_782_400_000, 951_868_800_000, 1_795_200_777_709, 4_102_444_799_999, -1]
  for (const ms of days) {
    // The language's own: Thu, 01 Jan 1970 00:00:00 GMT
    const [weekday, day, month, year, time] = new Date(ms).toUTCString().replace(',', '').split(' ')
    expect(dateText(BigInt(ms))).toBe(`${weekday} ${month} ${day} ${time} UTC ${year}`)
  }
})

test('numbers of a Stat are printed as Java prints them: ids unsigned', () => {
  const stat = {
    czxid: asZxid(0x100000002n),
    mzxid: asZxid(-1n),
    ctime: 0n,
    mtime: 0n,
    version: -1,
    cversion: 0,
    aversion: 0,
    ephemeralOwner: -(2n ** 63n),
    dataLength: 0,
    numChildren: 0,
    pzxid: asZxid(0n),
  }
  expect(statLines(stat)).toContain('cZxid = 0x100000002')
  expect(statLines(stat)).toContain('mZxid = 0xffffffffffffffff')
  expect(statLines(stat)).toContain('ephemeralOwner = 0x8000000000000000')
  expect(statLines(stat)).toContain('dataVersion = -1')
})

test('an ACL is read part by part, and what is malformed is complained about', () => {
  const complaints: string[] = []
  const acl = parseAcl('world:anyone:rz,bogus,digest:bob:hash=:cdrwa', (line) => complaints.push(line))
  expect(acl).toEqual([
    { perms: 1, id: { scheme: 'world', id: 'anyone' } },
    { perms: 31, id: { scheme: 'digest', id: 'bob:hash=' } },
  ])
  expect(complaints).toEqual(['Unknown perm type: z', 'bogus does not have the form scheme:id:perm'])
})

describe('config -c', () => {
  test('lists servers in the order of a Java hash table', () => {
    // As the real shell answered for three servers.
    const config = [1, 2, 3]
      .map((n) => `server.${n}=127.0.0.1:2888${n}:3888${n}:participant;127.0.0.1:2181${n}`)
      .join('\n')
    expect(clientConfigText(`${config}\nversion=100000000`)).toBe(
      '100000000 127.0.0.1:21812,127.0.0.1:21811,127.0.0.1:21813',
    )
    expect(propertiesOrder(['server.1', 'server.2', 'server.3'])).toEqual(['server.2', 'server.1', 'server.3'])
  })
  test('a port alone is on all interfaces, no address is nothing', () => {
    expect(clientConfigText('server.1=a:1:2:participant;2181\nserver.2=b:1:2\nversion=0')).toBe('0 ,0.0.0.0:2181')
  })
})

describe('what stands behind zkCli.sh', () => {
  test('options end where the command begins', () => {
    expect(parseInvocation(['-server', 'zk2:2181', '-timeout', '5000', '-r', 'ls', '-s', '/'])).toEqual({
      server: 'zk2:2181',
      timeout: '5000',
      readOnly: true,
      waitForConnection: false,
      configuration: undefined,
      command: ['ls', '-s', '/'],
      complaints: [],
    })
  })
  test('an option without its value is complained about', () => {
    expect(parseInvocation(['-timeout'])).toMatchObject({
      server: 'localhost:2181',
      timeout: '30000',
      complaints: ['Error: no argument found for option -timeout'],
    })
  })
})
