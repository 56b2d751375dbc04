// The partner's side of the protocol, played by openid-client as it comes from the registry.
//
//   node partner.mjs <issuer> <partner> <keys>
//
// against a running `yinuo demo`: `issuer` is where it serves, `partner` where its sample partner does (nobody goes
// there; the address is what the sample apps registered), `keys` the directory of the sample apps' private keys.
//
// Prints one line of JSON: what it saw, scene by scene. What is right is for `crates/server/tests/openid_client.rs` to
// say; here an assertion only stands where the play cannot go on.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as oauth from 'openid-client'
import { Browser } from './browser.mjs'

const [issuer, partner, keys] = process.argv.slice(2)
assert(keys, 'usage: node partner.mjs <issuer> <partner> <keys>')

const COURIER = 'sample-courier'
const DELIVERY = ['name', 'delivery_address', 'contact_phone']
const ASKED = [
  { type: 'personal_information', purpose: 'delivery', items: DELIVERY },
  { type: 'personal_information', purpose: 'offers', items: ['email_address', 'phone_number'] },
]

/** Every answer that the library got from the protocol's endpoints, whatever it made of it. */
const answers = []

const scenes = { discovery, thread, declining, codeTwice, refreshTwice, revoking, strangers, clients, requests }
const seen = {}
for (const [name, scene] of Object.entries(scenes)) seen[name] = await scene()
console.log(JSON.stringify({ ...seen, answers }))

async function discovery() {
  const courier = await client(COURIER)
  const { issuer, require_pushed_authorization_requests } = courier.serverMetadata()
  return { issuer, require_pushed_authorization_requests, pkce: courier.serverMetadata().supportsPKCE() }
}

/** A promise kept once: asked for, allowed in part, released, shown, refreshed, withdrawn, refused. */
async function thread() {
  const courier = await client(COURIER)
  const person = new Browser(issuer)
  const arrived = await arrive(courier, person, 'demo-11')
  const preselected = arrived.form.boxes.filter((box) => 'checked' in box).map((box) => box.value)
  const boxes = arrived.form.boxes.map((box) => box.value)
  const answer = await agree(arrived, person, ['delivery/name', 'delivery/delivery_address'])
  const tokens = await redeem(courier, answer)

  const allowed = { purpose: 'delivery', items: ['name', 'delivery_address'] }
  const key = { 'idempotency-key': crypto.randomUUID() }
  const released = await disclose(courier, tokens.access_token, allowed, key)
  const again = await disclose(courier, tokens.access_token, allowed, key)
  const notGranted = await disclose(courier, tokens.access_token, { purpose: 'delivery', items: DELIVERY })
  const partial = await disclose(courier, tokens.access_token, { purpose: 'delivery', items: DELIVERY, partial: true })
  const introspected = await oauth.tokenIntrospection(courier, tokens.access_token)

  const refreshed = await oauth.refreshTokenGrant(courier, tokens.refresh_token)
  const afterRefresh = await disclose(courier, refreshed.access_token, allowed)

  const centre = await person.open('/centre')
  const withdrawn = await person.submit(centre, '/centre/withdraw', ['scope', 'whole'])
  return {
    address: Object.fromEntries(answer.address.searchParams),
    state: answer.request.state,
    boxes,
    preselected,
    tokens: told(tokens),
    released,
    again,
    notGranted,
    partial,
    introspected,
    refreshed: told(refreshed),
    rotated: refreshed.refresh_token !== tokens.refresh_token && refreshed.access_token !== tokens.access_token,
    afterRefresh,
    centre: { status: centre.status, names: centre.html.includes(`/centre/apps/${COURIER}`) },
    withdrawn: { status: withdrawn.status, address: withdrawn.address.pathname + withdrawn.address.search },
    afterWithdrawal: await disclose(courier, refreshed.access_token, allowed),
    introspectedAfterWithdrawal: await oauth.tokenIntrospection(courier, refreshed.access_token),
    refreshAfterWithdrawal: await refusal(oauth.refreshTokenGrant(courier, refreshed.refresh_token)),
  }
}

/** The person says no: in so many words, and by ticking nothing. */
async function declining() {
  const courier = await client(COURIER)
  const person = new Browser(issuer)
  const arrived = await arrive(courier, person, 'demo-12')
  const refused = answered(arrived.request, await person.submit(arrived.page, '/consent', ['decision', 'refuse']))
  const nothing = await agree(await arrive(courier, person), person, [])
  return {
    refused: await refusal(redeem(courier, refused)),
    nothing: await refusal(redeem(courier, nothing)),
    requestUsed: (await person.open(arrived.request.address)).status,
  }
}

/** RFC 6749 §4.1.2: the second use of a code is refused, and ends what the first one gave. */
async function codeTwice() {
  const courier = await client(COURIER)
  const answer = await consent(courier, 'demo-13')
  const tokens = await redeem(courier, answer)
  return {
    second: await refusal(redeem(courier, answer)),
    disclosure: await refusal(disclose(courier, tokens.access_token)),
    refresh: await refusal(oauth.refreshTokenGrant(courier, tokens.refresh_token)),
  }
}

/** RFC 9700 §4.14.2: the second use of a refresh token is refused, and ends what the first one gave. */
async function refreshTwice() {
  const courier = await client(COURIER)
  const first = await redeem(courier, await consent(courier, 'demo-14'))
  const second = await oauth.refreshTokenGrant(courier, first.refresh_token)
  return {
    reuse: await refusal(oauth.refreshTokenGrant(courier, first.refresh_token)),
    newest: await refusal(oauth.refreshTokenGrant(courier, second.refresh_token)),
    disclosure: await refusal(disclose(courier, second.access_token)),
    introspected: await oauth.tokenIntrospection(courier, second.access_token),
  }
}

/** RFC 7009: the partner gives its tokens back. */
async function revoking() {
  const courier = await client(COURIER)
  const tokens = await redeem(courier, await consent(courier, 'demo-15'))
  const before = await oauth.tokenIntrospection(courier, tokens.access_token)
  await oauth.tokenRevocation(courier, tokens.refresh_token, { token_type_hint: 'refresh_token' })
  // RFC 7009 §2.2: giving back what is gone, or never was, succeeds.
  await oauth.tokenRevocation(courier, tokens.refresh_token)
  await oauth.tokenRevocation(courier, 'no-token-of-ours')
  return {
    before: before.active,
    introspected: await oauth.tokenIntrospection(courier, tokens.access_token),
    disclosure: await refusal(disclose(courier, tokens.access_token)),
    refresh: await refusal(oauth.refreshTokenGrant(courier, tokens.refresh_token)),
  }
}

/** Another app learns nothing of the courier's tokens and cannot use them; nor can somebody without a token. */
async function strangers() {
  const courier = await client(COURIER)
  const video = await client('sample-video')
  const tokens = await redeem(courier, await consent(courier, 'demo-16'))
  const code = await consent(courier, 'demo-16')
  const introspected = await oauth.tokenIntrospection(video, tokens.access_token)
  await oauth.tokenRevocation(video, tokens.access_token)
  const stillGiven = (await disclose(courier, tokens.access_token)).status
  const url = new URL('/v1/disclosures', issuer)
  const challenge = async (headers) => {
    const response = await fetch(url, { method: 'POST', headers, body: '{}' })
    await response.text()
    return { status: response.status, challenge: response.headers.get('www-authenticate') }
  }
  return {
    introspected,
    stillGiven,
    code: await refusal(redeem(video, code)),
    refresh: await refusal(oauth.refreshTokenGrant(video, tokens.refresh_token)),
    withoutToken: await challenge({}),
    otherScheme: await challenge({ authorization: 'Basic c3RyYW5nZXI6c2VjcmV0' }),
    unknownToken: await refusal(disclose(courier, tokens.access_token.slice(0, -4) + 'AAAA')),
  }
}

/** Who cannot prove to be the courier gets the one answer `invalid_client`. */
async function clients() {
  const { kid } = await jwk(COURIER)
  const usages = ['sign', 'verify']
  const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, usages)
  const authentications = {
    wrongKey: oauth.PrivateKeyJwt({ key: privateKey, kid }),
    unknownKey: oauth.PrivateKeyJwt({ key: privateKey, kid: 'another' }),
    otherAppsKey: oauth.PrivateKeyJwt(await key('sample-video')),
    otherAudience: await altered((payload) => (payload.aud = `${issuer}/oauth/token`)),
    over: await altered((payload) => (payload.exp = payload.iat - 3600)),
    secret: oauth.ClientSecretPost('a-secret-nobody-gave-out'),
    none: oauth.None(),
  }
  const refused = {}
  for (const [name, authentication] of Object.entries(authentications)) {
    refused[name] = await refusal(push(await client(COURIER, authentication)))
  }
  // RFC 7523 §3 (7): the same assertion again.
  const once = crypto.randomUUID()
  const same = await client(COURIER, await altered((payload) => (payload.jti = once)))
  await push(same)
  refused.replayed = await refusal(push(same))

  // Whoever fails to authenticate does not use up the code.
  const courier = await client(COURIER)
  const answer = await consent(courier, 'demo-17')
  const thief = await client(COURIER, authentications.wrongKey)
  refused.atTokenEndpoint = await refusal(redeem(thief, answer))
  const redeemed = told(await redeem(courier, answer))
  return { refused, redeemed }
}

/** Requests that the courier may make to nobody, each refused at the first place that can tell. */
async function requests() {
  const courier = await client(COURIER)
  const person = new Browser(issuer)
  const signedIn = await arrive(courier, person, 'demo-18')
  const redirect_uri = back(COURIER)
  const details = (detail) => ({ authorization_details: JSON.stringify([{ ...ASKED[0], ...detail }]) })
  const open = async (address) => {
    const page = await person.open(address)
    return page.away ? { away: page.away.href } : { status: page.status }
  }
  const plain = (await authorization(courier)).parameters
  const { request_uri } = Object.fromEntries(signedIn.request.address.searchParams)
  const unproven = await consent(courier, 'demo-18')
  unproven.request.verifier = oauth.randomPKCECodeVerifier()
  const elsewhere = await consent(courier, 'demo-18')
  elsewhere.address.pathname += '/elsewhere'
  const { refresh_token } = await redeem(courier, await consent(courier, 'demo-18'))
  const widened = { authorization_details: JSON.stringify(ASKED) }
  return {
    notPushed: await open(oauth.buildAuthorizationUrl(courier, plain)),
    ofAnotherApp: await open(oauth.buildAuthorizationUrl(courier, { client_id: 'sample-video', request_uri })),
    foreignRedirect: await refusal(push(courier, { redirect_uri: `${redirect_uri}/elsewhere` })),
    undeclaredItem: await refusal(push(courier, details({ items: ['nickname'] }))),
    unknownType: await refusal(push(courier, details({ type: 'payment' }))),
    withoutDetails: await refusal(push(courier, { authorization_details: '' })),
    plainChallenge: await refusal(push(courier, { code_challenge_method: 'plain' })),
    scope: await refusal(push(courier, { scope: 'openid' })),
    wrongVerifier: await refusal(redeem(courier, unproven)),
    otherRedirect: await refusal(redeem(courier, elsewhere)),
    widened: await refusal(oauth.refreshTokenGrant(courier, refresh_token, widened)),
  }
}

// --- What the scenes are made of. ---

/** A configured client; it authenticates with the app's own key unless told otherwise. */
async function client(app, authentication) {
  return oauth.discovery(new URL(issuer), app, undefined, authentication ?? oauth.PrivateKeyJwt(await key(app)), {
    algorithm: 'oauth2',
    execute: [oauth.allowInsecureRequests],
    [oauth.customFetch]: noted,
  })
}

/** `fetch`, with a note of what came back. */
async function noted(address, request) {
  const response = await fetch(address, request)
  const header = (name) => response.headers.get(name)
  answers.push({
    path: new URL(address).pathname,
    status: response.status,
    type: header('content-type'),
    cache: header('cache-control'),
  })
  return response
}

async function jwk(app) {
  return JSON.parse(await readFile(join(keys, `${app}.jwk`), 'utf8'))
}

async function key(app) {
  const stored = await jwk(app)
  const algorithm = { name: 'ECDSA', namedCurve: stored.crv }
  return { key: await crypto.subtle.importKey('jwk', stored, algorithm, false, ['sign']), kid: stored.kid }
}

/** The courier's own key, in an assertion that `change` has altered. */
async function altered(change) {
  return oauth.PrivateKeyJwt(await key(COURIER), { [oauth.modifyAssertion]: (_, payload) => change(payload) })
}

/** Where the sample partner registered to be answered. */
function back(app) {
  return `${partner}/${app}/back`
}

async function authorization(config) {
  const verifier = oauth.randomPKCECodeVerifier()
  const state = oauth.randomState()
  const parameters = {
    redirect_uri: back(config.clientMetadata().client_id),
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    authorization_details: JSON.stringify(ASKED),
  }
  return { verifier, state, parameters }
}

/** Pushes what the courier asks for, with `other` parameters in place of its own. */
async function push(config, other = {}) {
  const { verifier, state, parameters } = await authorization(config)
  const address = await oauth.buildAuthorizationUrlWithPAR(config, { ...parameters, ...other })
  return { verifier, state, address }
}

/** Pushes, and brings the person to the consent page; `choice` signs them in on the way. */
async function arrive(config, person, choice) {
  const request = await push(config)
  let page = await person.open(request.address)
  if (choice !== undefined) page = await person.submit(page, '/sign-in', ['choice', choice])
  const form = page.forms.find((form) => form.action === '/consent')
  assert(form, `no consent form: ${page.status} ${page.address}`)
  return { request, page, form }
}

/** Ticks, agrees, and brings back the address of the app with the answer. */
async function agree({ request, page }, person, ticks) {
  return answered(request, await person.submit(page, '/consent', ['decision', 'agree'], ticks))
}

function answered(request, { away, status }) {
  assert(away, 'the browser was not sent back to the app')
  assert.equal(status, 303)
  return { request, address: away }
}

/** Somebody new allows the delivery. */
async function consent(config, choice) {
  const person = new Browser(issuer)
  return agree(await arrive(config, person, choice), person, DELIVERY.map((item) => `delivery/${item}`))
}

/** Has the library check `state` and `iss` and redeem the code. */
async function redeem(config, { request, address }) {
  const checks = { expectedState: request.state, pkceCodeVerifier: request.verifier }
  return oauth.authorizationCodeGrant(config, address, checks)
}

async function disclose(config, token, ask = { purpose: 'delivery', items: DELIVERY }, other = {}) {
  const headers = new Headers({ 'content-type': 'application/json', 'accept-language': 'en', ...other })
  const address = new URL('/v1/disclosures', issuer)
  const response = await oauth.fetchProtectedResource(config, token, address, 'POST', JSON.stringify(ask), headers)
  return { status: response.status, type: response.headers.get('content-type'), body: await response.json() }
}

/** A token answer without what nobody may print. */
function told({ access_token, refresh_token, ...rest }) {
  assert(access_token && refresh_token)
  return rest
}

/** How the promise was broken, in the words of the protocol. Anything else that goes wrong ends the play. */
async function refusal(promise) {
  try {
    await promise
  } catch (error) {
    if (error instanceof oauth.ResponseBodyError) return { status: error.status, error: error.error }
    if (error instanceof oauth.AuthorizationResponseError) return { error: error.error }
    if (error instanceof oauth.WWWAuthenticateChallengeError) {
      const [{ scheme, parameters }] = error.cause
      return { status: error.status, scheme, error: parameters.error, type: error.response.headers.get('content-type') }
    }
    throw error
  }
  return { refused: false }
}
