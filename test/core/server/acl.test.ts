import { describe, expect, test } from 'vitest'
import { fixupAcl, isAllowed, withoutHashes } from '../../../src/core/server/acl.ts'
import { clientInfo, digestId } from '../../../src/core/server/authentication.ts'
import { Security } from '../../../src/core/server/security.ts'
import { Perms } from '../../../src/core/wire/codes.ts'
import { type ACL, OPEN_ACL_UNSAFE } from '../../../src/core/wire/data.ts'
import { utf8 } from './rig.ts'

const entry = (perms: number, scheme: string, id: string): ACL => ({ perms, id: { scheme, id } })
const bob = { scheme: 'digest', id: digestId('bob:secret') }
const local = { scheme: 'ip', id: '10.1.2.3' }

describe('a permission', () => {
  test('is given to anyone, to the same id, or to an address in the range', () => {
    const acl = [entry(Perms.READ, 'world', 'anyone'), entry(Perms.WRITE, 'digest', bob.id)]
    expect(isAllowed(acl, Perms.READ, [])).toBe(true)
    expect(isAllowed(acl, Perms.WRITE, [local])).toBe(false)
    expect(isAllowed(acl, Perms.WRITE, [local, bob])).toBe(true)
    expect(isAllowed(acl, Perms.ADMIN, [bob])).toBe(false)
    expect(isAllowed(acl, Perms.ADMIN, [{ scheme: 'super', id: '' }])).toBe(true)
  })

  test.each([
    ['10.1.2.3', true],
    ['10.1.2.4', false],
    ['10.1.2.0/24', true],
    ['10.1.3.0/24', false],
    ['10.0.0.0/8', true],
    ['0.0.0.0/0', true],
    ['10.1.2.3/32', true],
    ['10.1.2.2/31', true],
    ['10.1.2.4/31', false],
  ])('to ip %s: %s', (range, allowed) => {
    expect(isAllowed([entry(31, 'ip', range)], Perms.READ, [local])).toBe(allowed)
    // A host name is no address: it is nowhere.
    expect(isAllowed([entry(31, 'ip', range)], Perms.READ, [{ scheme: 'ip', id: 'client101' }])).toBe(false)
  })
})

describe('a list of a request', () => {
  test('loses its duplicates, and auth becomes who the client has proved to be', () => {
    const twice = [entry(1, 'world', 'anyone'), entry(31, 'auth', ''), entry(1, 'world', 'anyone')]
    expect(fixupAcl(twice, [bob, local])).toEqual([entry(1, 'world', 'anyone'), { perms: 31, id: bob }])
    expect(fixupAcl(twice, [local])).toBeUndefined()
  })

  test.each([
    [null],
    [[]],
    [[entry(31, 'world', 'x')]],
    [[entry(31, 'nosuch', 'x')]],
    [[entry(31, 'super', 'a:b')]],
    [[entry(31, 'digest', 'nocolon')]],
    [[entry(31, 'digest', 'user:')]],
    [[entry(31, 'digest', 'a:b:c')]],
    [[entry(31, 'ip', '1.2.3')]],
    [[entry(31, 'ip', '1.2.3.256')]],
    [[entry(31, 'ip', '1.2.3.4/33')]],
    [[entry(31, 'ip', '1.2.3.4/')]],
    [[entry(31, 'ip', '1.2.3.4/8/8')]],
  ])('that says nothing sensible is invalid: %j', (acl) => {
    expect(fixupAcl(acl, [bob])).toBeUndefined()
  })

  test('any permission bits are kept', () => {
    expect(fixupAcl([entry(-1, 'ip', '1.2.3.4/0'), entry(0, 'digest', ':x')], [])).toHaveLength(2)
  })
})

test('an auth packet of digest gives user and hash, of ip the address; world proves nothing', () => {
  const security = new Security()
  expect(security.authenticate('digest', utf8('bob:secret'), '')).toEqual([
    { scheme: 'digest', id: 'bob:fyVmFCwVbTJYrznoSu1koqYEYF0=' },
  ])
  expect(security.authenticate('digest', null, '')).toBeUndefined()
  expect(security.authenticate('ip', utf8('whatever'), '1.2.3.4')).toEqual([{ scheme: 'ip', id: '1.2.3.4' }])
  expect(security.authenticate('world', utf8('anyone'), '')).toBeUndefined()
  expect(security.authenticate('super', utf8('bob:secret'), '')).toBeUndefined()
  expect(security.authenticate(null, utf8('bob:secret'), '')).toBeUndefined()
  expect(clientInfo(bob)).toEqual({ authScheme: 'digest', user: 'bob' })
  expect(withoutHashes([{ perms: 1, id: bob }, ...OPEN_ACL_UNSAFE])).toEqual([
    entry(1, 'digest', 'bob:x'),
    ...OPEN_ACL_UNSAFE,
  ])
})

describe('the settings of a server', () => {
  const closed = [entry(31, 'digest', bob.id)]

  test('skipACL: nobody is asked for a permission, and lists must still make sense', () => {
    const security = new Security({ skipACL: true })
    expect(security.allows(closed, Perms.WRITE, [local])).toBe(true)
    expect(security.fixup([entry(31, 'nosuch', 'x')], [])).toBeUndefined()
  })

  test('superDigest: who proves to be that user is above all lists, and is itself besides', () => {
    const security = new Security({ superDigest: bob.id })
    const ids = security.authenticate('digest', utf8('bob:secret'), '')
    expect(ids).toEqual([{ scheme: 'super', id: '' }, bob])
    expect(security.allows([entry(0, 'world', 'anyone')], Perms.ADMIN, ids ?? [])).toBe(true)
    expect(security.authenticate('digest', utf8('bob:wrong'), '')).toHaveLength(1)
  })

  test('without the digest provider the scheme is unknown: to auth packets, to new lists, and to lists that are there', () => {
    const security = new Security({ digestAuthEnabled: false })
    expect(security.authenticate('digest', utf8('bob:secret'), '')).toBeUndefined()
    expect(security.fixup(closed, [bob])).toBeUndefined()
    expect(security.fixup([entry(31, 'auth', '')], [bob])).toBeUndefined()
    expect(security.allows(closed, Perms.READ, [bob])).toBe(false)
    expect(security.fixup([entry(31, 'ip', '1.2.3.4')], [])).toHaveLength(1)
  })

  test('enforce.auth: one of the schemes is asked for', () => {
    const security = new Security({ enforceAuthSchemes: ['digest'] })
    expect(security.isEnough([local])).toBe(false)
    expect(security.isEnough([local, bob])).toBe(true)
    expect(new Security().isEnough([])).toBe(true)
  })
})
