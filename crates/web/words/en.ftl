# The English words of the pages and problems. The same messages and variables as zh.ftl; a test compares them.

brand = Yinuo
skip = Skip to content
nav-label = Navigation
nav-centre = User Protection Centre
nav-switch = 中文
nav-sign-out = Sign out
tabs-label = Pages of the User Protection Centre
tab-overview = Overview
tab-items = My information
tab-history = All records
tab-account = Account
crumbs-label = Where you are
footer-zone = All times are Beijing time (UTC+8).

list-separator = { ", " }
colon = { ": " }
joined = { $first } { $second }
moment = { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $year }, { $time }
contact = Contact: { $contact }
days = { $days ->
    [one] 1 day
   *[other] { $days } days
}
frequency-days = at most { $count ->
    [1] once
   *[other] { $count } times
} { $period ->
    [1] a day
   *[other] in { $period } days
}
frequency-hours = at most { $count ->
    [1] once
   *[other] { $count } times
} { $period ->
    [1] an hour
   *[other] in { $period } hours
}
frequency-minutes = at most { $count ->
    [1] once
   *[other] { $count } times
} { $period ->
    [1] a minute
   *[other] in { $period } minutes
}
frequency-seconds = at most { $count ->
    [1] once
   *[other] { $count } times
} in { $period } seconds

home-title = Your information goes where you decide
home-lead = When a mini-program or a shop wants your personal information, Yinuo asks you first and hands over only what you agreed to.
home-choose = Item by item
    .text = You decide about each piece of information and each purpose. Nothing is ever ticked for you.
home-record = On the record
    .text = Before anything is handed over, it is written to a public log in which every later change shows. You always see who received what, when and why.
home-undo = Yours to take back
    .text = A withdrawal takes effect at once. From that moment on, every request is refused.
home-open-centre = Open the User Protection Centre
home-check = Anyone can check the public log:

sign-in-title = Sign in
sign-in-lead = This is a directory for demonstrations; the people in it are invented. Choose whose place to take.
sign-in-nobody = Nobody can sign in here at the moment.
sign-in-imported = Or enter the subject_id of someone you imported into this demonstration:
sign-in-go = Sign in as this person
sign-in-again = Sign in again

signed-out-title = You are signed out
signed-out-lead = You are signed out of Yinuo in this browser. You may still be signed in to the platform itself; on a device that others use, sign out there as well.
signed-out-everywhere = Sign out of the platform as well
signed-out-stay = Stay signed in there and go to the first page

## The console of staff

console-title = Staff console
console-overview = Overview
console-partners = Partners and apps
console-log = Who changed the platform
console-me = My sign-in
console-sign-in = Staff sign-in
console-sign-in-lead = This is a demonstration: the first step proves nothing here. The second one is real.
console-sign-in-name = Your staff name
console-go-on = Continue
console-again = Start again
console-factor = Second step
console-factor-lead = Enter the six-digit code your authenticator app shows now. If this is your first time here, enter the enrolment code you were given.
console-factor-code = Code
console-factor-wrong = That code was not accepted. Each code works once, so wait for the next one. After five wrong codes in a row there is a pause, which grows with each further one.
console-factor-totp = One-time codes from an authenticator app
console-setup = Set up your second step
console-setup-scan = Scan this picture with an authenticator app on your phone.
console-setup-picture = A picture for an authenticator app; the same is written below
console-setup-type = Or type this secret into the app:
console-setup-code = Then enter the code the app shows
console-setup-go = Set up and sign in
console-passkeys = Passkeys
console-passkeys-lead = A passkey lets you sign in with the lock of your device or a security key instead of a code. Codes go on working.
console-passkeys-none = There are no passkeys here: browsers allow them only where Yinuo has a name and is served by HTTPS. Codes work everywhere.
console-passkey-added = added
console-passkey-remove = Remove
console-passkey-remove-label = Remove: “{ $name }”
console-passkey-remove-note = Lost one? Remove it. That signs you out everywhere, and you sign in again with a code.
console-passkey-gone = That passkey is no longer there. Nothing was removed.
console-passkey-name = What to call the passkey, such as “work laptop”
console-passkey-add = Add a passkey
console-passkey-lead = Your browser will ask you to confirm with the lock of your device or a security key.
console-passkey-make = Make the passkey
console-passkey-use = Use a passkey
console-passkey-browser = This browser cannot make passkeys here, or its scripts are off. Nothing has changed; go on using codes.
console-passkey-failed = No passkey was used. You can try again, or use a code.
console-passkey-refused = That passkey was not accepted. You can try again, or enter a code.
console-passkey-not-added = No passkey was added. Check the name; nobody can have more than eight. Then try again with a new code.
console-now = Now
console-people = People enrolled
console-partners-count = Partners
console-apps-count = Apps
console-active = Active
console-suspended = Suspended
console-terminated = Terminated
console-live = Live
console-hidden = Hidden
console-days = Day by day
console-day = Day
console-disclosed = Given out
console-withheld = Refused whole
console-consents = Consents
console-withdrawals = Withdrawals
console-deleted = Accounts deleted
console-counted = Counted over the last { $entries } entries of the people’s log.
console-counted-all = Counted over all { $entries } entries of the people’s log.
console-small-counts = Numbers from 1 to { $last } are not told, because they could point at somebody.
console-few = fewer than { $count }
console-at-least = { $count } or more
console-reasons = Why items were withheld
console-nothing = Nothing yet.
console-by-app = App by app
console-app = App
console-count-now = Consents in force
console-released-ever = Given out ever
console-log-lead = Every change of the platform, the latest first. Each is an entry of the public log.
console-number = Number
console-when = When
console-what = What
console-of = Whom or what
console-who = By whom
console-role = Role
console-role-operator = Operator
console-role-auditor = Auditor
console-older = Older
console-ends = This sign-in ends at the latest
console-me-lead = It also ends half an hour after your last request, when you are dismissed, and when your second step is reset. Lost your phone? Ask an operator of the machine to reset your second step.
console-log-opened = Log begun
console-engine-activated = Rules in force
console-partner-registered = Partner registered
console-partner-suspended = Partner suspended
console-partner-reinstated = Partner reinstated
console-partner-revised = Partner’s profile revised
console-partner-terminated = Partner terminated
console-app-declared = App declared
console-app-hidden = App hidden
console-app-shown = App shown
console-notice-published = Notice published
console-staff-appointed = Staff appointed
console-staff-dismissed = Staff dismissed
console-factor-reset = Second factor reset
console-state-sealed = Stored state sealed
console-store-accepted = Store accepted although it was not what had been kept of it
console-clock-accepted = Clock accepted after a jump
console-import-begun = Import of people begun
console-people-imported = People imported
console-people-count = people: { $count }
console-key-epoch-opened = New epoch of keys
console-key-epoch-retired = Keys of an epoch destroyed
console-passphrase-changed = Passphrase of the keys changed
console-other-change = Another change
console-done = Done. It holds from now on, and it is in the log under your name.
console-read-only = Your role sees everything here and changes nothing.
console-suspend = Suspend
console-suspend-question = Suspend “{ $of }”? From then on it receives nothing. People’s consents stay as they are, and it can be reinstated.
console-reinstate = Reinstate
console-reinstate-question = Reinstate “{ $of }”? It may then receive again what people allow.
console-hide = Hide
console-hide-question = Hide “{ $of }”? From then on it receives nothing and nobody can agree to it. It can be shown again.
console-show = Show
console-show-question = Show “{ $of }” again? It may then receive again what people allow.
console-cancel = Cancel

consent-title = “{ $app }” asks for your information
consent-who = Who receives it
consent-what = What it asks for
consent-asked-necessary = Necessary: { $items }
consent-asked-optional = Optional: { $items }
consent-why = What for
consent-how-long = For how long
consent-lasts = { $days ->
    [one] 1 day; you can shorten this below
   *[other] { $days } days; you can shorten this below
}
consent-undo = How to undo it
consent-undo-where = At any time, with immediate effect, in the User Protection Centre:
consent-free = It is your decision, and nothing is ticked for you. The basic service works without the optional information.
consent-no-items = This purpose needs no personal information.
consent-days = How long your consent lasts
consent-nothing = Only what you tick is handed over. Ticking nothing is the same as declining.
consent-earlier = If you decline, what you allowed earlier stays as it is; to stop that, withdraw it in the User Protection Centre.
consent-record = Record of this page: notice version { $version }; fingerprint of what is shown { $hash }
consent-changed = This page has just changed, and your choices are not saved yet. Please read what it says now before you decide.
group-necessary = Necessary information
    .note = Without it, the basic function that needs it cannot be provided.
group-optional = Optional information
    .note = The basic service works without it.
mark-sensitive = Sensitive
mark-other = About someone else
other-note = This is another person’s information, and your tick is not their consent. It is processed on this ground: { $basis }. Make sure that you may hand it over.
item-retention = { $days ->
    [one] The recipient keeps it for 1 day
   *[other] The recipient keeps it for { $days } days
}
item-allowed-now = You allow this now. Your choice here replaces the earlier one for this purpose; to go on allowing it, tick it again.
item-not-stored = You have not stored this, so there is nothing to hand over until you do.
guardian-title = A guardian’s consent
guardian-note = Users under fourteen need the consent of a parent or other guardian.
guardian-agree = I am this user’s parent or other guardian, and I agree that the information ticked above is handed over
refuse = Decline
agree = Agree to what I ticked
notice-full = Read the full notice on how your information is processed (version { $version })
notice-open = Open the full text on its own
notice-save = Save it as a file
notice-title = How “{ $app }” uses your information
notice-version = Version { $version }
notice-document = Fingerprint of the original, to be checked in the public log:

kind-basic = Basic service
kind-extended = Further function
kind-marketing = Marketing
    .note = The basic service does not need this. You can safely decline.
kind-personalisation = Personalised content
    .note = The basic service does not need this. If you decline, you see content that is not fitted to you.
kind-automated-decision = Automated decision
    .note = A program decides by itself. Where that greatly affects you, you may ask for an explanation and refuse a decision made by a program alone.
kind-third-party-sharing = Handing on to somebody else
    .note = Your information is passed on to another party. You can decline; the basic service works all the same.
basis-consent = with your consent
basis-contract = needed for a contract with you, or for human-resources management
basis-statutory-duty = needed to fulfil a statutory duty
basis-emergency = needed in a public-health emergency, or to protect life, health or property in an emergency
basis-public-interest = news reporting and scrutiny in the public interest
basis-already-public = information you made public yourself, or that is lawfully public
basis-other-law = another ground laid down by law or administrative regulation

away-title = Back to the app
away-lead = This request cannot go on for now, and the app has been told why. None of your information was handed over.
away-button = Return to the app

centre-title = User Protection Centre
centre-allowed = Who may receive what
centre-summary = { $apps ->
    [one] One app
   *[other] { $apps } apps
} may receive your information, { $items ->
    [one] one item
   *[other] { $items } items
} in all.
centre-nothing = You have not allowed any app to receive your information. An app that needs some will ask you first.
centre-one-by-one = Manage item by item
one-by-one-label = Manage item by item: “{ $app }”
everything-title = Withdraw from every app
everything-lead = Takes back every consent at once, with immediate effect. You can agree again whenever you need to.
everything-button = Withdraw from all of them
centre-recent = Latest records
centre-all-history = See all records
state-active = In force
state-paused = Paused
state-expired = Expired
state-withdrawn = Withdrawn
since-active = Given { $given }; ends { $expires }
since-paused = Given { $given }; the app has since changed what it does, so nothing is handed over until you agree again
since-expired = Given { $given }; ended { $expires }
since-withdrawn = You withdrew it; nothing is handed over any more
withdraw-whole = Withdraw everything
withdraw-whole-label = Withdraw everything from “{ $app }”
withdraw-item = Withdraw this
withdraw-item-label = Withdraw this: “{ $item }”
withdraw-purpose = Withdraw this purpose
withdraw-purpose-label = Withdraw this purpose: everything for “{ $purpose }”
withdraw-from-label = Withdraw this: no longer for “{ $app }”, for “{ $purpose }”
withdraw-item-everywhere = Withdraw this from every app
partial-title = Some withdrawals did not go through
partial-failed = These were not withdrawn; they may still receive what you allowed before: { $apps }.
partial-taken = These are withdrawn: { $apps }.
partial-again = Try again
withdraw-note = A withdrawal takes effect at once. What was handed over before, the recipient keeps for as long as it told you; to have it deleted, contact the recipient.
withdrawn-done = Withdrawn. From now on this information is no longer handed over.
app-nothing = You do not allow this app to receive anything at the moment.
app-all-history = See all records of this app

items-title = My information
items-lead = Everything you keep here, and who may receive it at the moment. For your safety only a part of each value is shown.
items-nothing = You have not stored any information.
item-none = Not stored
item-nobody = No app may receive this at the moment.
item-somebody = May be received by: { $apps }
item-stored = What is stored
item-receivers = Who may receive it
item-until = until { $expires }
item-all-history = See all records of this item

package-title = A copy of my information
package-lead = Everything there is about you here, in one file that you can keep or take elsewhere.
package-values = All information you keep here, in full.
package-consents = Whom you allowed what, for which purpose, and until when.
package-history = Every record about you, each with its proof.
package-take-title = Download the copy
package-clear = The file shows your information in full. Keep it where only you can open it.
package-take = Download my copy
package-anew = So that nobody else can take it from a browser left open, the copy is there only within { $minutes } minutes after you sign in.
package-sign-in = Sign in again
package-offer = Get a copy

history-title = All records
history-lead = Each line is one entry of the public log. Keep its proof, and you can check it one day without relying on us.
history-nothing = There are no records yet.
history-none-here = Nothing here matches. You can go on looking further back.
history-no-match = Nothing matches.
history-notice = The notice you were shown
filter-app = App
filter-item = Information
filter-kind = Kind
filter-from = From
filter-until = To
filter-every = All
filter-apply = Filter
filter-clear = Clear the filter
proofs-all = Download all proofs
history-older = Older records
history-purpose = Purpose
history-items = Information
history-withheld-item = Not handed over
history-proof = Save the proof (entry { $index })
history-consented = You agreed
history-withdrawn = You withdrew
history-disclosed = Handed over
history-redelivered = Handed over again (the same request repeated)
history-withheld = Refused
history-counted = Asked { $count ->
    [one] once more
   *[other] { $count } more times
} between { $from } and { $until }; nothing was given
history-not-delivered = Authorised, but not delivered
history-viewed = The platform's staff looked at your information
history-viewed-masked = The platform's staff looked you up and saw your information masked

delete-title = Delete my account
delete-lead = This cannot be undone. Before you delete it, see what will happen.
delete-values = All information you keep here is deleted; no key that remains can open it again.
delete-consents = Every consent you gave ends, and no app receives your information any more.
delete-given = What apps have already received is no longer with us; to have it deleted, contact each recipient.
delete-records = The entries in the public log stay, but they hold none of your information and no longer point to you.
delete-return = We keep nothing that would tell us who you were. If the platform hands your information over again, a new account begins here, without any consent: to prevent that, delete your account with the platform as well.
delete-proofs-title = Keep your proofs first
delete-proofs = Once your account is deleted, nobody can ever tell which records were yours. If you may need them one day, save them now.
delete-package = Your information itself is deleted, too. If you want to keep it, get a copy first.
delete-button = Delete my account for good
deleted-title = Your account is deleted
deleted-lead = Your account and all information in it are deleted, and you are signed out.

fault-request = Request
problems-title = Problems and what to do
problems-lead = Every problem (RFC 9457) that the interface under /v1/ answers with, and what to do about it. Pages use the same codes.
style-title = Components
style-lead = Every page of Yinuo is made of these. Shown in the demonstration only.
style-app = Sample app
style-item = Sample item
style-person = Sample person

problem-reasons = Reason codes
limits-title = Limits
limits-body = A request body has at most { $kib } KiB.
limits-body-time = A request body must arrive within { $seconds } seconds.
limits-address = An address (path and query) has at most { $kib } KiB.
limits-headers = All request headers together have at most { $kib } KiB.
limits-items = One request names at most { $count } items.
limits-value = The value of one item has at most 64 KiB.
limits-key = An Idempotency-Key is 1 to 255 visible ASCII characters.
limits-token = An access token lasts 10 minutes. The browser must open an authorization request within the expires_in seconds that were returned.

problem-malformed = The request is malformed
    .detail = A part of the request cannot be understood.
    .remedy = Compare it with the documentation and correct it; sending the same again will not help.
problem-invalid-token = The access token is not valid
    .detail = The access token is missing, not valid, expired, or no longer names a consent that stands.
    .remedy = Exchange the refresh token for a new access token; if that fails, ask the user for authorisation again.
problem-withheld = The information was withheld
    .detail = At least one of the requested items cannot be released. The member items names the reason for each.
    .remedy = Follow the remedy of each reason under reasons; leave out what cannot be released, or ask with "partial": true for what can.
problem-rate-limited = Too many requests
    .detail = The requested items have reached the frequency that the app declared. The member items names the reason for each.
    .remedy = Wait for the next period. The limit is the frequency in the app’s declaration.
problem-not-found = Not found
    .detail = There is nothing here by that name.
    .remedy = Check the address, or start again from the first page.
problem-method-not-allowed = This method is not supported
    .detail = The address exists, but does not support this HTTP method.
    .remedy = Use one of the methods in the Allow header.
problem-idempotency-conflict = The idempotency key is already used
    .detail = This Idempotency-Key was used with another request, whose content differs.
    .remedy = Use a new key for a new request; to repeat the earlier one, send exactly the same body.
problem-outdated = The page has changed
    .detail = What you saw is not what the app declares now, so your choices were not saved.
    .remedy = Return to the app and start again.
problem-request-gone = This request is over
    .detail = The authorisation request does not exist, has expired, or was used already. None of your information was handed over.
    .remedy = Return to the app and start again.
problem-sign-in-gone = This sign-in is over
    .detail = It took too long, was finished already, or was begun in another browser. You are not signed in by it.
    .remedy = Sign in again; you will come back to where you were.
problem-sign-in-declined = You did not sign in
    .detail = The platform’s sign-in page says that you did not sign in. Nothing has changed.
    .remedy = Sign in again whenever you like; you will come back to where you were.
problem-sign-in-failed = You could not be signed in
    .detail = What the platform’s sign-in service said about you could not be verified, so it was not believed. Nothing has changed.
    .remedy = Sign in again. If it goes on, contact the platform.
problem-identity-provider-down = The platform’s sign-in service does not answer
    .detail = You cannot be signed in at the moment. Nothing is lost and nothing has changed.
    .remedy = Try again in a little while; you will come back to where you were.
problem-too-large = The request is too large
    .detail = The body of the request is larger than allowed.
    .remedy = Keep the body within 64 KiB.
problem-too-slow = The request did not arrive in time
    .detail = The body of the request was not complete within the time allowed.
    .remedy = Send it again; on a slow connection, send a smaller body.
problem-address-too-long = The address is too long
    .detail = The address of the request is longer than allowed.
    .remedy = Put parameters into the body, or shorten the address.
problem-headers-too-large = The headers are too large
    .detail = The headers of the request are together larger than allowed.
    .remedy = Leave out headers that are not needed; in a browser, clear this site’s cookies and try again.
problem-unsupported-type = Unsupported content type
    .detail = The Content-Type of the body is not one that this address accepts.
    .remedy = Send application/json to the interface, and application/x-www-form-urlencoded from forms.
problem-refused = This was not done
    .detail = Nothing was carried out and nothing has changed.
    .remedy = Go back and try again.
problem-form-refused = The form was not accepted
    .detail = This form was not sent from this site as you are signed in now, so nothing was done.
    .remedy = Open the page again and try once more.
problem-role-refused = Your role does not allow this
    .detail = Only an operator may change the platform. Nothing was done.
    .remedy = Ask a colleague whose role is operator.
problem-entries-closed = Entries are not public
    .detail = The log’s entries are given to authenticated verifiers only. Checkpoints and hash tiles are public.
    .remedy = Save the proofs of your own entries in the User Protection Centre; a partner’s receipt holds its entry.
problem-not-delivered = Authorised, but not delivered
    .detail = The release was authorised and recorded, but could not be sent in time, so nothing left.
    .remedy = Try again shortly with the same Idempotency-Key.
problem-unavailable = Not possible at the moment
    .detail = Nothing can be recorded reliably right now, so nothing is released or changed.
    .remedy = Try again after the number of seconds in Retry-After.
problem-clock-stopped = Stopped: the clock has jumped
    .detail = The clock of this machine disagrees with the time that has run, so nothing is released until an operator has looked at it. Withdrawing a consent and deleting an account still work.
    .remedy = Try again after the number of seconds in Retry-After. Operators: set the clock right, or see that it is right, then run yinuo clock accept.
problem-internal = Something went wrong here
    .detail = The failure is on our side; the request was not completed.
    .remedy = Try again later; if it goes on, contact the platform.

# The interface for programs: /openapi.json and /api.
api-title = Interface
api-lead = Everything a partner’s program can ask: parameters, limits, examples and every error. Problems are told in Chinese or English as Accept-Language says, by default in Chinese.
api-document = OpenAPI 3.1 document
api-issuer = The address of this platform (issuer)
api-contents = Contents
api-required = required
api-in-path = in the address
api-in-header = header
api-body = Body
api-answer = Answer
api-errors = Errors
api-objects = Objects
api-done = Done
api-kind-text = text
api-kind-text-exactly = text, exactly { $length } characters
api-kind-text-most = text, at most { $most } characters
api-kind-word = one of: { $words }
api-kind-whole = whole number
api-kind-whole-range = whole number, { $range }
api-kind-flag = true or false
api-kind-texts = list of texts, at most { $most }, each once
api-kind-words = list of texts
api-kind-object = object
api-kind-objects = list of objects
api-kind-by-name = object with one member for each name
api-proof-token = Access token
    .detail = Bring an access token in the Authorization header: Bearer yat_…. A token only names a consent; whether that consent still stands is decided with every request.
api-proof-assertion = Client assertion
    .detail = The client proves that it is itself by private_key_jwt (RFC 7523): a JWT signed with a registered key (ES256 or EdDSA) whose iss and sub are the app’s id, whose aud is the issuer of this platform, whose jti is new each time, and whose exp is at most 5 minutes ahead. Each assertion counts once.
api-group-disclosures = Disclosures
    .detail = Get information for one purpose, within what the user has allowed.
api-group-authorization = Authorization
    .detail = Standard OAuth 2.0: push an authorisation request (RFC 9126), let the user choose in the browser, exchange the code for tokens (PKCE, RFC 7636). Errors here are those of RFC 6749.
api-group-log = Public log
    .detail = Anybody can read checkpoints, hash tiles and documents, and check receipts with them (C2SP tlog-tiles). Entries themselves are not public.
api-group-service = Service
    .detail = Whether the service is there, and this documentation.
api-op-disclose = Get what a user has allowed
    .detail = All or nothing by default; with partial set to true, what can be released is. The answer carries a receipt, which proves that this release stands in the log. The same body with the same Idempotency-Key is the same disclosure again. Nothing may stand after the path of the address.
api-op-push = Push an authorisation request
    .detail = Say which information is wanted, and for what. The browser takes the request_uri of the answer to /oauth/authorize, once.
api-op-token = Get tokens
    .detail = Exchange a code or a refresh token for tokens. A refresh token is replaced each time; using an old one again ends them all.
api-op-introspect = Ask about a token
    .detail = Whether a token is worth anything, and what is allowed under it now (RFC 7662). A client can ask about its own tokens only.
api-op-revoke = Give a token back
    .detail = Ends a token and those that came with it (RFC 7009). An unknown token is answered with 200 as well.
api-op-keys = The platform’s keys
    .detail = Always empty: no token of this platform is signed.
api-op-metadata = Metadata of the authorisation server
    .detail = By which OAuth client libraries configure themselves (RFC 8414).
api-op-checkpoint = Checkpoint of a log
    .detail = The signed tree head (C2SP tlog-checkpoint), which moves at most once a second. Below sm3 stands that of the SM3 tree over the same entries.
api-op-tile = Hash tile
    .detail = A full tile of 256 hashes, which never changes. From number 1000 on it is written in parts, as tlog-tiles says: x001/234.
api-op-partial-tile = Partial hash tile
    .detail = The right edge of the tree: 1 to 255 hashes.
api-op-document = Document that the log names
    .detail = Declarations, partner profiles, notices and rule packs, named by their hash. They never change.
api-op-health = Whether the process runs
    .detail = Says ok when the process can answer.
api-op-ready = Whether it can do its work
    .detail = Answers 200 when it can record and release, otherwise 503 with the codes of what is missing.
api-op-interface = This document
    .detail = OpenAPI 3.1, in the language of Accept-Language.
api-op-interface-page = The readable page
    .detail = The same for people.
api-field-purpose = The purpose, which the app has declared.
api-field-items-asked = The items wanted, each once.
api-field-partial = Whether to release the rest when some cannot be released. By default false.
api-field-disclosure = Names this disclosure.
api-field-items-released = Items and their values.
api-field-withheld = Items that were withheld, each with a reason code; only with partial set to true.
api-field-receipt = The receipt: proof that this release stands in the log.
api-field-log = The log’s name.
api-field-index = Where in the log the entry stands, from 0 on.
api-field-leaf = The entry itself, in Base64.
api-field-proofs = Proofs that the entry is in the log, one for each tree.
api-field-proof-sha256 = A proof in the SHA-256 tree (C2SP tlog-proof).
api-field-proof-sm3 = A proof in the SM3 tree.
api-field-client_assertion_type = The type of the client assertion.
api-field-client_assertion = The client assertion, a JWT.
api-field-response_type = Always code.
api-field-redirect_uri = Where the browser returns after the user has chosen; exactly one of those registered.
api-field-code_challenge = The SHA-256 of the code_verifier in base64url (RFC 7636).
api-field-code_challenge_method = Always S256.
api-field-details-asked = What is wanted: a JSON array with one AuthorizationDetail for each purpose (RFC 9396).
api-field-state = Comes back to the client unchanged.
api-field-ui_locales = Languages the user prefers, separated by spaces.
api-field-client_id = The app’s id.
api-field-request_uri = Stands for the pushed request; the browser takes it to /oauth/authorize.
api-field-expires_in = For how many seconds it is good.
api-field-grant_type = What is exchanged for tokens.
api-field-code = The code that the browser brought back; good for 60 seconds, once.
api-field-redirect_again = The redirect_uri of the authorisation request.
api-field-code_verifier = The secret behind the code_challenge (RFC 7636).
api-field-refresh_again = The refresh token of the last answer.
api-field-access_token = The access token.
api-field-token_type = Always Bearer.
api-field-refresh_token = The refresh token for the next exchange.
api-field-details-allowed = What the user has allowed, which may be less than was asked for.
api-field-sub = The user, as this app alone knows them: another app’s sub for the same user is different.
api-field-detail-type = Always personal_information.
api-field-token = The token in question.
api-field-token_type_hint = Which kind of token it is; not needed.
api-field-active = Whether the token is worth anything now.
api-field-iat = When it was issued, in seconds since 1970.
api-field-exp = When it ends, in seconds since 1970.
api-field-iss = Who issued it: this platform.
api-field-keys = The list of keys.
api-field-metadata = See RFC 8414, RFC 9126, RFC 9207 and RFC 9396.
api-field-problem-type = The kind of problem, and the address of the page that explains it.
api-field-problem-title = Its name.
api-field-problem-status = The HTTP status.
api-field-problem-detail = What happened.
api-field-problem-remedy = What to do about it.
api-field-problem-instance = Names the request, as the header Request-Id does.
api-field-problem-limit = The limit that was met.
api-field-problem-unit = The unit of the limit.
api-field-problem-given = How much came, where that is known.
api-field-problem-period = The period of the limit, in seconds.
api-field-problem-items = Each item and its reason code.
api-field-problem-reasons = Each reason code with its meaning and remedy.
api-field-error = The error code (RFC 6749, section 5.2).
api-field-error_description = For the developer.
api-field-ready = Whether it is ready.
api-field-missing = Codes of what is missing.
api-field-group = The number of the log’s group.
api-field-level = The level of the tile; 0 holds the leaves.
api-field-tile-index = The number of the tile, in three digits.
api-field-width = How many hashes the tile has.
api-field-hash = The document’s hash, in hexadecimal.
api-field-Idempotency-Key = Chosen by the client, and the same when a request is repeated within a day.
api-field-Accept-Language = The language of problems: zh or en.
api-field-Request-Id = Names this request; tell it to the platform when you ask about it.
api-field-Retry-After = After how many seconds to try again.
api-field-WWW-Authenticate = How to bring a token (RFC 6750).

reason-not-granted = The user has not allowed this item for this purpose.
    .remedy = Ask the user with an authorisation request.
reason-withdrawn = The user has withdrawn the consent.
    .remedy = Stop asking. Ask for consent again only when the user turns to a function that needs it.
reason-expired = The consent has expired.
    .remedy = Ask the user again.
reason-consent-outdated = The app’s declaration has changed since the user agreed.
    .remedy = Ask the user again under the new declaration.
reason-not-declared = The app does not declare this item for this purpose.
    .remedy = Change the app’s declaration first, then ask the user.
reason-over-ceiling = This partner may not receive this item.
    .remedy = Stop asking for it, or contact the platform for an assessment.
reason-no-value = The user has not stored this item.
    .remedy = Serve the user without it, or ask them to store it first.
reason-frequency-exceeded = Asked for more often than declared.
    .remedy = Wait for the next period.
reason-partner-suspended = The partner is suspended.
    .remedy = Contact the platform; what it asks for must be put right first.
reason-partner-terminated = The partnership has ended.
    .remedy = Nothing can be received any more; delete what you hold, as agreed.
reason-app-hidden = The app is offline.
    .remedy = Contact the platform to bring it back first.
reason-guardian-required = A guardian must agree.
    .remedy = Start the authorisation again, so that a guardian can agree on the page.
reason-other-item-refused = This item alone would have been released; another one in the request was refused.
    .remedy = Leave out the refused item, or use "partial": true.
reason-destination-not-allowed = This item would leave mainland China, for which the platform has no lawful route.
    .remedy = Process it in mainland China and change the app’s declaration.
reason-account-deleted = The account is deleted.
    .remedy = Stop asking.
reason-not-in-first-answer = A repeated request receives only what its first answer released.
    .remedy = Make a new request with a new Idempotency-Key.

refusal-no-engine = No rules are in force on the platform yet, so nothing can be decided.
    .remedy = Try again later, or contact the platform.
refusal-unknown-engine = The rules in force are not known to this program.
    .remedy = Contact the platform.
refusal-unknown-partner = There is no such partner.
    .remedy = Start again from the app.
refusal-unknown-app = There is no such app.
    .remedy = Start again from the app.
refusal-already-exists = It exists already.
    .remedy = Nothing more needs to be done.
refusal-partner-status = The partner’s status does not allow this.
    .remedy = Contact the platform to learn more.
refusal-app-status = The app’s status does not allow this.
    .remedy = Try again when the app is back.
refusal-document = A document of the app cannot be read, or does not say what it should.
    .remedy = Contact the provider of the app.
refusal-not-necessary = The app calls an item necessary that its category does not allow as necessary.
    .remedy = Contact the provider of the app.
refusal-over-ceiling = The app declares an item that its partner may never receive.
    .remedy = Contact the provider of the app.
refusal-reason-missing = A sensitive item has no reason stated.
    .remedy = Contact the provider of the app.
refusal-notice-version = The version of the notice does not follow the last one.
    .remedy = Contact the provider of the app.
refusal-no-notice = The app has not published a notice yet.
    .remedy = Try again when it has.
refusal-not-enrolled = There is no account here for you, or none any more.
    .remedy = To go on, open an account with the platform first.
refusal-account-deleted = The account is deleted.
    .remedy = Nothing more needs to be done.
refusal-outdated = What you saw is not what the app declares now.
    .remedy = Read what the page says now, then decide.
refusal-not-shown = Something was chosen that the page did not show.
    .remedy = Open the page again and choose anew.
refusal-nothing-chosen = You have not ticked anything.
    .remedy = Tick what you are willing to hand over, or decline.
refusal-expiry-invalid = This duration is not one of those offered.
    .remedy = Choose a duration from the list.
refusal-guardian-required = A guardian must agree.
    .remedy = A parent or other guardian ticks the guardian’s consent first; or decline.
refusal-no-grant = There is no consent to act on.
    .remedy = Nothing more needs to be done.
refusal-already-withdrawn = The consent is withdrawn already.
    .remedy = Nothing more needs to be done.
refusal-nothing-to-withdraw = None of these items is allowed at the moment.
    .remedy = Nothing more needs to be done.
refusal-idempotency-conflict = The idempotency key was used with another request.
    .remedy = Use a new key.
refusal-unknown-purpose = The app does not declare this purpose.
    .remedy = Start again from the app.
refusal-nothing-asked = The request names no information.
    .remedy = Start again from the app.
refusal-not-loaded = What the decision needs could not be read, so nothing was done.
    .remedy = Try again later; if it goes on, contact the platform.
refusal-destination-not-allowed = The information would leave mainland China, for which the platform has no lawful route.
    .remedy = Contact the provider of the app.
refusal-unknown-item = The catalogue has no such item.
    .remedy = Start again from the app.
refusal-unknown-staff = Nobody of this name is appointed
    .remedy = Check the name against the list of staff.
refusal-last-operator = This would leave the platform without an operator
    .remedy = Appoint another operator first.
refusal-clock-agrees = The clock agrees with the time that has run
    .remedy = There is nothing to accept.
refusal-key-epoch = This epoch of keys is in use, was retired already, or was never opened
    .remedy = See with yinuo keys status which epochs there are. Only an earlier one than the current can be retired.
refusal-recipient-changed = People agreed to this recipient by its name
    .remedy = Register a new partner with an app of its own, to which people can agree.
