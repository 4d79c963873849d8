// A third party written with oauth4webapi: discovery, code with PKCE, resource, refresh,
// client credentials, revocation. Everything that is secret comes by standard input.
//   node oauth.mjs begin   {issuer, client_id, client_secret, redirect_uri, scope}
//   node oauth.mjs finish  the same, with {verifier, state, callback}
import { text } from 'node:stream/consumers'
import * as oauth from 'oauth4webapi'

const given = JSON.parse(await text(process.stdin))
// The sandbox is on this machine, without TLS.
const insecure = { [oauth.allowInsecureRequests]: true }
const issuer = new URL(given.issuer)
const client = { client_id: given.client_id }
const basic = oauth.ClientSecretBasic(given.client_secret)
const server = await oauth.processDiscoveryResponse(
  issuer,
  await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
)

async function begin () {
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const address = new URL(server.authorization_endpoint)
  address.searchParams.set('response_type', 'code')
  address.searchParams.set('client_id', client.client_id)
  address.searchParams.set('redirect_uri', given.redirect_uri)
  address.searchParams.set('scope', given.scope)
  address.searchParams.set('state', state)
  address.searchParams.set('code_challenge', await oauth.calculatePKCECodeChallenge(verifier))
  address.searchParams.set('code_challenge_method', 'S256')
  return { authorize: address.href, verifier, state }
}

async function read (token, address) {
  try {
    const response = await oauth.protectedResourceRequest(token, 'GET', new URL(address), undefined, undefined, insecure)
    await response.arrayBuffer()
    return response.status
  } catch (error) {
    // A challenge in WWW-Authenticate is an error of its own here.
    if (error instanceof oauth.WWWAuthenticateChallengeError) return error.status
    throw error
  }
}

async function finish () {
  // Checks state, and iss (RFC 9207) where the metadata promises it.
  const parameters = oauth.validateAuthResponse(server, client, new URL(given.callback), given.state)
  const traded = await oauth.processAuthorizationCodeResponse(
    server,
    client,
    await oauth.authorizationCodeGrantRequest(server, client, basic, parameters, given.redirect_uri, given.verifier, insecure)
  )
  const first = await read(traded.access_token, traded.resourceURI)
  const refreshed = await oauth.processRefreshTokenResponse(
    server,
    client,
    await oauth.refreshTokenGrantRequest(server, client, basic, traded.refresh_token, insecure)
  )
  const older = await read(traded.access_token, traded.resourceURI)
  const newer = await read(refreshed.access_token, refreshed.resourceURI)
  const own = await oauth.processClientCredentialsResponse(
    server,
    client,
    await oauth.clientCredentialsGrantRequest(server, client, basic, new URLSearchParams(), insecure)
  )
  const list = await read(own.access_token, new URL('.', traded.authorizationURI).href.replace(/\/$/, ''))
  await oauth.processRevocationResponse(
    await oauth.revocationRequest(server, client, basic, refreshed.refresh_token, insecure)
  )
  const revoked = await read(refreshed.access_token, refreshed.resourceURI)
  return { scope: traded.scope, iss: parameters.get('iss'), first, older, newer, list, revoked }
}

console.log(JSON.stringify(await (process.argv[2] === 'begin' ? begin() : finish())))
