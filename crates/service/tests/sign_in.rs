//! A browser goes to an identity provider and comes back: once, itself, in time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod bed;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use bed::Bed;
use futures_executor::block_on;
use yinuo_domain::{Clock as _, PersonId, Role, StaffId};
use yinuo_service::*;

/// A provider that vouches for whoever the code names.
#[derive(Default)]
struct Stub {
    rounds: Mutex<Vec<Round>>,
    down: AtomicBool,
    each_consent: AtomicBool,
    /// Signs another nonce than the one of the round.
    other_nonce: AtomicBool,
    /// When the person proved to it who they are, in seconds; it says so when it is not 0.
    auth_time: AtomicU64,
}

impl IdentityProvider for Stub {
    fn authorization<'a>(&'a self, round: &'a Round) -> Pending<'a, Result<String, ProviderError>> {
        Box::pin(async {
            if self.down.load(SeqCst) {
                return Err(ProviderError::Down { retry_after_s: 5 });
            }
            self.rounds.lock().unwrap().push(round.clone());
            Ok(format!("https://id.example/authorize?state={}", round.state))
        })
    }

    fn redeem<'a>(
        &'a self,
        round: &'a Round,
        answer: &'a ProviderAnswer,
    ) -> Pending<'a, Result<Vouched, ProviderError>> {
        Box::pin(async {
            if self.down.load(SeqCst) {
                return Err(ProviderError::Down { retry_after_s: 5 });
            }
            // The same three come back as were sent, although only the state travelled.
            let rounds = self.rounds.lock().unwrap();
            let sent = rounds.iter().find(|sent| sent.state == round.state).unwrap();
            assert_eq!((&sent.nonce, &sent.verifier), (&round.nonce, &round.verifier));
            let code = answer.code.as_deref().ok_or(ProviderError::Declined)?;
            let nonce = if self.other_nonce.load(SeqCst) { "another" } else { round.nonce.as_str() };
            Ok(vouched(code, nonce, self.auth_time.load(SeqCst)))
        })
    }

    fn farewell<'a>(&'a self, token: &'a str) -> Pending<'a, Option<Farewell>> {
        let fields = vec![("id_token_hint", token.to_owned())];
        Box::pin(async { Some(Farewell { address: "https://id.example/end".to_owned(), fields }) })
    }

    fn ended<'a>(&'a self, token: &'a str) -> Pending<'a, Result<Ended, ProviderError>> {
        Box::pin(async move {
            let (person, id) = token.split_once('/').ok_or(ProviderError::NotBelieved("form"))?;
            Ok(Ended { person: PersonId::parse(person).unwrap(), id: id.to_owned() })
        })
    }

    fn proves_each_consent(&self) -> bool {
        self.each_consent.load(SeqCst)
    }
}

fn vouched(person: &str, nonce: &str, auth_time: u64) -> Vouched {
    let mut payload = serde_json::json!({ "sub": person, "nonce": nonce });
    if auth_time != 0 {
        payload["auth_time"] = auth_time.into();
    }
    let payload = payload.to_string();
    let payload = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, payload);
    Vouched {
        person: PersonId::parse(person).unwrap(),
        token: format!("e30.{payload}.c2lnbmVk"),
        key: r#"{"kty":"OKP","crv":"Ed25519","x":"invented"}"#.to_owned(),
    }
}

struct World {
    bed: Bed,
    stub: Arc<Stub>,
    /// What the browsers, all of them, would bring back of their trips.
    trips: Mutex<Vec<String>>,
}

impl World {
    fn new() -> Self {
        let stub = Arc::new(Stub::default());
        Self { bed: Bed::signing_in(SignIn::Provider(stub.clone())), stub, trips: Mutex::default() }
    }

    /// Begins, and gives the cookie and the state.
    fn begin(&self, for_whom: SignInFor, then: Option<&str>, browser: Option<&str>) -> (String, String) {
        self.begin_as(SigningIn { for_whom, then, browser, consent: None, anew: false })
    }

    fn begin_as(&self, asked: SigningIn<'_>) -> (String, String) {
        let begun = block_on(self.bed.gateway.begin_sign_in(asked)).unwrap();
        let state = begun.to.split_once("state=").unwrap().1.to_owned();
        self.trips.lock().unwrap().push(begun.trip);
        (begun.browser.as_str().to_owned(), state)
    }

    fn finish(
        &self,
        browser: Option<&str>,
        state: &str,
        code: Option<&str>,
    ) -> Result<Arrival, SignInFailed> {
        let answer = ProviderAnswer {
            state: Some(state.to_owned()),
            code: code.map(str::to_owned),
            ..ProviderAnswer::default()
        };
        let trips = self.trips.lock().unwrap();
        let trips: Vec<&str> = trips.iter().map(String::as_str).collect();
        block_on(self.bed.gateway.finish_sign_in(Travelled { browser, trips: &trips }, &answer))
    }
}

impl World {
    /// Signs in for nothing in particular.
    fn session(&self, person: &str) -> (String, Session) {
        let (browser, state) = self.begin(SignInFor::Person, None, None);
        let arrival = self.finish(Some(&browser), &state, Some(person)).unwrap();
        let cookie = block_on(self.bed.gateway.begin_session(&arrival)).unwrap();
        let session = self.bed.gateway.session(cookie.as_str()).unwrap().unwrap();
        (cookie.as_str().to_owned(), session)
    }
}

fn is_gone(result: &Result<Arrival, SignInFailed>) -> bool {
    matches!(result, Err(SignInFailed { why: SignInError::Gone, then: None, .. }))
}

#[test]
fn whoever_comes_back_is_signed_in_and_led_on() {
    let world = World::new();
    let (browser, state) = world.begin(SignInFor::Person, Some("/centre/history"), None);
    let arrival = world.finish(Some(&browser), &state, Some("ann")).unwrap();
    assert_eq!(arrival.then.as_deref(), Some("/centre/history"));
    let cookie = block_on(world.bed.gateway.begin_session(&arrival)).unwrap();
    assert!(world.bed.gateway.session(cookie.as_str()).unwrap().is_some());
}

#[test]
fn a_state_counts_once() {
    let world = World::new();
    let (browser, state) = world.begin(SignInFor::Person, None, None);
    assert!(world.finish(Some(&browser), &state, Some("ann")).is_ok());
    assert!(is_gone(&world.finish(Some(&browser), &state, Some("ann"))));
}

#[test]
fn a_state_is_worth_nothing_in_another_browser_and_is_not_used_up_by_it() {
    let world = World::new();
    let (mine, state) = world.begin(SignInFor::Person, None, None);
    let (other, others_state) = world.begin(SignInFor::Person, None, None);
    assert_ne!(mine, other);
    for browser in [None, Some(other.as_str()), Some(""), Some("ysi_x")] {
        assert!(is_gone(&world.finish(browser, &state, Some("bob"))), "{browser:?}");
    }
    assert!(is_gone(&world.finish(Some(&mine), &others_state, Some("bob"))));
    assert!(is_gone(&world.finish(Some(&mine), "", Some("bob"))));
    assert!(world.finish(Some(&mine), &state, Some("ann")).is_ok());
}

#[test]
fn two_tabs_of_one_browser_do_not_disturb_each_other() {
    let world = World::new();
    let (browser, first) = world.begin(SignInFor::Person, Some("/centre"), None);
    let (same, second) = world.begin(SignInFor::Person, Some("/centre/history"), Some(&browser));
    assert_eq!(same, browser);
    assert_ne!(first, second);
    let then = |state| world.finish(Some(&browser), state, Some("ann")).unwrap().then.unwrap();
    assert_eq!((then(&first), then(&second)), ("/centre".to_owned(), "/centre/history".to_owned()));
    let rounds = world.stub.rounds.lock().unwrap();
    assert_ne!(rounds[0].nonce, rounds[1].nonce);
    assert_ne!(rounds[0].verifier, rounds[1].verifier);
    assert_ne!(rounds[0].nonce, rounds[0].verifier);
    assert!(rounds.iter().all(|round| round.verifier.len() == 43), "RFC 7636 §4.1");
}

#[test]
fn whoever_stays_away_too_long_begins_again() {
    for (ms, late) in [(SIGN_IN_MS - 1, false), (SIGN_IN_MS, true)] {
        let world = World::new();
        let (browser, state) = world.begin(SignInFor::Person, None, None);
        world.bed.clock.forward_ms(ms);
        assert_eq!(is_gone(&world.finish(Some(&browser), &state, Some("ann"))), late, "{ms}");
    }
}

#[test]
fn a_provider_that_is_down_or_says_no_leaves_the_way_back() {
    let world = World::new();
    world.stub.down.store(true, SeqCst);
    let asked = SigningIn {
        for_whom: SignInFor::Person,
        then: Some("/centre"),
        browser: None,
        consent: None,
        anew: false,
    };
    let begun = block_on(world.bed.gateway.begin_sign_in(asked));
    assert!(matches!(begun, Err(SignInError::ProviderDown { retry_after_s: 5 })), "{begun:?}");

    world.stub.down.store(false, SeqCst);
    let (browser, state) = world.begin(SignInFor::Person, Some("/centre"), None);
    world.stub.down.store(true, SeqCst);
    let failed = world.finish(Some(&browser), &state, Some("ann")).unwrap_err();
    assert!(matches!(failed.why, SignInError::ProviderDown { .. }));
    assert_eq!(failed.then.as_deref(), Some("/centre"));

    world.stub.down.store(false, SeqCst);
    let (browser, state) = world.begin(SignInFor::Staff, Some("/console"), Some(&browser));
    let failed = world.finish(Some(&browser), &state, None).unwrap_err();
    assert!(matches!(failed.why, SignInError::Declined));
    assert_eq!((failed.for_whom, failed.then.as_deref()), (SignInFor::Staff, Some("/console")));
}

#[test]
fn staff_get_no_session_of_a_person() {
    let world = World::new();
    let (browser, state) = world.begin(SignInFor::Staff, None, None);
    let arrival = world.finish(Some(&browser), &state, Some("ann")).unwrap();
    assert_eq!(arrival.for_whom, SignInFor::Staff);
    let session = block_on(world.bed.gateway.begin_session(&arrival));
    assert!(matches!(session, Err(SignInError::Gone)), "{session:?}");
}

#[test]
fn whoever_is_not_enrolled_gets_no_session() {
    let world = World::new();
    let (browser, state) = world.begin(SignInFor::Person, None, None);
    let arrival = world.finish(Some(&browser), &state, Some("nobody")).unwrap();
    let session = block_on(world.bed.gateway.begin_session(&arrival));
    assert!(matches!(session, Err(SignInError::NotEnrolled)), "{session:?}");
}

#[test]
fn where_a_provider_vouches_nobody_can_be_chosen_and_the_other_way_round() {
    let world = World::new();
    assert_eq!(world.bed.gateway.sign_in_way(), SignInWay::Provider);
    let chosen = world.bed.gateway.choose(SignInFor::Person, "ann", None);
    assert!(matches!(chosen, Err(SignInError::NotEnrolled)), "{chosen:?}");

    let bed = Bed::memory(yinuo_domain::Suite::Guomi);
    assert!(matches!(bed.gateway.sign_in_way(), SignInWay::Directory(people) if people.len() == 4));
    let asked =
        SigningIn { for_whom: SignInFor::Person, then: None, browser: None, consent: None, anew: false };
    let begun = block_on(bed.gateway.begin_sign_in(asked));
    assert!(matches!(begun, Err(SignInError::Gone)), "{begun:?}");
}

#[test]
fn where_nobody_vouches_nobody_signs_in() {
    let bed = Bed::signing_in(SignIn::Nobody);
    assert_eq!(bed.gateway.sign_in_way(), SignInWay::Nobody);
    let asked =
        SigningIn { for_whom: SignInFor::Person, then: None, browser: None, consent: None, anew: false };
    assert!(matches!(block_on(bed.gateway.begin_sign_in(asked)), Err(SignInError::Gone)));
    assert!(matches!(block_on(bed.gateway.sign_in("ann")), Err(SignInError::NotEnrolled)));
}

/// The way of a person who comes for a consent: signs in for it, sees the page, agrees. Gives the entry of the consent.
fn consent(world: &World, request_uri: &str, person: &str) -> (String, Session, u64) {
    let gateway = &world.bed.gateway;
    let (client, path) = (bed::app("courier"), "/oauth/authorize?x");
    let asked = SigningIn {
        for_whom: SignInFor::Person,
        then: Some(path),
        consent: Some((&client, request_uri)),
        anew: false,
        browser: None,
    };
    let (browser, state) = world.begin_as(asked);
    let arrival = world.finish(Some(&browser), &state, Some(person)).unwrap();
    let cookie = block_on(gateway.begin_session(&arrival)).unwrap();
    let session = gateway.session(cookie.as_str()).unwrap().unwrap();
    let index = agree(world, &session, request_uri);
    (cookie.as_str().to_owned(), session, index)
}

fn agree(world: &World, session: &Session, request_uri: &str) -> u64 {
    let gateway = &world.bed.gateway;
    block_on(gateway.agree(session, agreement(world, session, request_uri))).unwrap();
    gateway.history(session, None).unwrap().lines[0].index
}

fn agreement(world: &World, session: &Session, request_uri: &str) -> Agreement {
    let view = world.bed.gateway.consent_view(session, &bed::app("courier"), request_uri).unwrap();
    Agreement {
        client: bed::app("courier"),
        request_uri: request_uri.to_owned(),
        choices: vec![("delivery".to_owned(), "name".to_owned())],
        shown: view.shown,
        recipient: view.recipient,
        days: 30,
        guardian_agreed: false,
    }
}

/// The evidence kept with a consent.
fn kept(world: &World, person: &str, index: u64) -> Option<Vec<u8>> {
    let reader = world.bed.ledger.reader();
    let who = world.bed.vault.person_index(&PersonId::parse(person).unwrap());
    let subject = reader.person(who).unwrap()?.subject;
    let entries = reader.history(subject, Some(index + 1), 1).unwrap();
    reader.evidence(subject, entries[0].1.salt).unwrap()
}

#[test]
fn the_nonce_of_a_sign_in_for_a_consent_is_a_hash_over_what_is_shown() {
    let world = World::new();
    let request_uri = block_on(world.bed.push("courier"));
    let (_, session, _) = consent(&world, &request_uri, "ann");
    let rounds = world.stub.rounds.lock().unwrap();
    assert_eq!(rounds[0].nonce.len(), 43);

    // The same trip without a consent page has another nonce, and so has every other trip.
    drop(rounds);
    let again = block_on(world.bed.push("courier"));
    let (_, _, index) = consent(&world, &again, "ann");
    let rounds = world.stub.rounds.lock().unwrap();
    assert_ne!(rounds[0].nonce, rounds[1].nonce);
    assert!(world.bed.gateway.evidence_holds(&session, index).unwrap());
}

#[test]
fn who_signed_in_for_exactly_this_consent_has_the_providers_word_in_its_evidence() {
    let world = World::new();
    let request_uri = block_on(world.bed.push("courier"));
    let (_, session, index) = consent(&world, &request_uri, "ann");
    let gateway = &world.bed.gateway;
    assert!(gateway.evidence_holds(&session, index).unwrap());
    let sealed = kept(&world, "ann", index).expect("the statement is kept with the consent");
    assert!(!sealed.windows(3).any(|window| window == b"sub"), "and sealed");

    // A session that began for something else proves nothing more than before.
    let (_, plain) = world.session("bob");
    let index = agree(&world, &plain, &block_on(world.bed.push("courier")));
    assert!(gateway.evidence_holds(&plain, index).unwrap());
    assert_eq!(kept(&world, "bob", index), None);
}

/// Whatever the provider client let through: a token that does not commit to what was shown is no evidence of it.
#[test]
fn a_token_with_another_nonce_is_no_evidence_of_the_consent() {
    let world = World::new();
    world.stub.other_nonce.store(true, SeqCst);
    let request_uri = block_on(world.bed.push("courier"));
    let (_, session, index) = consent(&world, &request_uri, "ann");
    assert_eq!(kept(&world, "ann", index), None);
    assert!(world.bed.gateway.evidence_holds(&session, index).unwrap());
}

#[test]
fn evidence_that_is_gone_no_longer_holds_and_goes_with_the_account() {
    let world = World::new();
    let request_uri = block_on(world.bed.push("courier"));
    let (_, session, index) = consent(&world, &request_uri, "ann");
    let reader = world.bed.ledger.reader();
    let who = world.bed.vault.person_index(&PersonId::parse("ann").unwrap());
    let subject = reader.person(who).unwrap().unwrap().subject;
    let salt = reader.history(subject, Some(index + 1), 1).unwrap()[0].1.salt;
    assert!(reader.evidence(subject, salt).unwrap().is_some());
    block_on(world.bed.gateway.delete_account(&session)).unwrap();
    assert_eq!(reader.evidence(subject, salt).unwrap(), None);
}

#[test]
fn a_platform_may_want_each_consent_proven_anew() {
    let world = World::new();
    let gateway = &world.bed.gateway;
    let (client, first) = (bed::app("courier"), block_on(world.bed.push("courier")));
    let (_, session) = world.session("ann");
    assert!(!gateway.must_sign_in_for(&session, &client, &first).unwrap());
    world.stub.each_consent.store(true, SeqCst);
    assert!(gateway.must_sign_in_for(&session, &client, &first).unwrap());
    let (_, session, _) = consent(&world, &first, "ann");
    assert!(world.stub.rounds.lock().unwrap().last().unwrap().anew);
    // One sign-in is for one consent, although another request would show the same.
    let same = block_on(world.bed.push("courier"));
    assert!(gateway.must_sign_in_for(&session, &client, &same).unwrap());
    let refused = block_on(gateway.agree(&session, agreement(&world, &session, &same)));
    assert!(matches!(refused, Err(PageError::SignInFirst)), "{refused:?}");
    consent(&world, &same, "ann");
}

/// Until somebody comes back signed in, nothing is written: not even by whoever begins again and again.
#[test]
fn nothing_is_kept_of_a_sign_in_that_only_began() {
    let world = World::new();
    let (browser, state) = world.begin(SignInFor::Person, Some("/centre"), None);
    world.bed.ledger.clone().close();
    for _ in 0..10 {
        world.begin(SignInFor::Person, None, None);
    }
    let failed = world.finish(Some(&browser), &state, Some("ann")).unwrap_err();
    assert!(matches!(failed.why, SignInError::Unavailable(_)), "nobody is let in unrecorded: {failed:?}");
}

/// Whatever of it was changed, a trip is nobody's; and one trip's stamp is no other's.
#[test]
fn a_trip_is_only_what_was_stamped_for_this_browser_and_state() {
    let world = World::new();
    let (browser, state) = world.begin(SignInFor::Person, Some("/centre"), None);
    let (_, _) = world.begin(SignInFor::Staff, None, Some(&browser));
    let mut trips = world.trips.lock().unwrap();
    let [mine, other] = trips.as_slice() else { panic!() };
    let ((trip, stamp), (others, other_stamp)) =
        (mine.split_once('.').unwrap(), other.split_once('.').unwrap());
    let changed = [
        String::new(),
        trip.to_owned(),
        format!("{trip}."),
        format!(".{stamp}"),
        format!("{trip}.{other_stamp}"),
        format!("{others}.{stamp}"),
        format!("{trip}.{}", stamp.replace(&stamp[..1], if stamp.starts_with('A') { "B" } else { "A" })),
        other.clone(),
    ];
    let mine = mine.clone();
    *trips = changed.to_vec();
    drop(trips);
    assert!(is_gone(&world.finish(Some(&browser), &state, Some("ann"))));
    world.trips.lock().unwrap().push(mine);
    assert!(world.finish(Some(&browser), &state, Some("ann")).is_ok());
}

/// Appoints somebody whom the provider calls `identity`, and signs them in with a second factor.
fn staff_session(world: &World, id: &str, identity: &str) -> String {
    let gateway = &world.bed.gateway;
    let (id, identity) = (StaffId::parse(id).unwrap(), PersonId::parse(identity).unwrap());
    let code = block_on(gateway.appoint_staff(&bed::staff(), &id, Role::Auditor, Some(&identity))).unwrap();
    let (browser, state) = world.begin(SignInFor::Staff, None, None);
    let arrival = world.finish(Some(&browser), &state, Some(identity.as_str())).unwrap();
    let pending = block_on(gateway.staff_arrived(&arrival)).unwrap();
    let typed = code.unwrap().text();
    let Ok(SecondFactor::SetUp(pending)) = block_on(gateway.second_factor(pending.as_str(), &typed)) else {
        panic!("the enrolment code is right");
    };
    let setup = gateway.staff_pending(pending.as_str()).unwrap().unwrap().setup.unwrap();
    let totp = Totp::parse(&setup.secret.replace(' ', "")).unwrap().code_at(world.bed.clock.now());
    let Ok(SecondFactor::Session(cookie)) = block_on(gateway.second_factor(pending.as_str(), &totp)) else {
        panic!("the one-time password is right");
    };
    cookie.as_str().to_owned()
}

#[test]
fn signing_out_ends_our_session_first_and_then_says_how_to_end_the_other() {
    let world = World::new();
    let gateway = &world.bed.gateway;
    let (cookie, _) = world.session("ann");
    let farewell = block_on(gateway.sign_out_and_leave(&cookie)).unwrap().unwrap();
    assert_eq!(farewell.address, "https://id.example/end");
    assert!(farewell.fields[0].1.starts_with("e30."));
    assert!(gateway.session(&cookie).unwrap().is_none());
    assert!(block_on(gateway.sign_out_and_leave(&cookie)).unwrap().is_none(), "once");
}

#[test]
fn a_session_that_ended_at_the_provider_ends_here_and_the_word_of_it_counts_once() {
    let world = World::new();
    let gateway = &world.bed.gateway;
    let (ann, _) = world.session("ann");
    let (also_ann, _) = world.session("ann");
    let (bob, _) = world.session("bob");
    let lives = |cookie: &str| gateway.session(cookie).unwrap().is_some();
    block_on(gateway.ended_there("ann/one")).unwrap();
    assert_eq!((lives(&ann), lives(&also_ann), lives(&bob)), (false, false, true));

    let (ann, _) = world.session("ann");
    let again = block_on(gateway.ended_there("ann/one"));
    assert!(matches!(again, Err(SignInError::NotBelieved)), "{again:?}");
    assert!(lives(&ann));
    // Staff by the same name at the provider, too; and whoever is both, as both.
    let staff = staff_session(&world, "warden", "ann");
    let (ann, _) = world.session("ann");
    assert!(gateway.staff_session(&staff).unwrap().is_some());
    block_on(gateway.ended_there("ann/three")).unwrap();
    assert!(gateway.staff_session(&staff).unwrap().is_none());
    assert!(!lives(&ann));
    // Nobody learns from the answer who is here.
    assert!(block_on(gateway.ended_there("nobody/two")).is_ok());
}

/// A provider lets a browser pass that it knows: that a session began shows nothing of who sits there.
#[test]
fn a_package_needs_the_providers_word_that_the_person_proved_lately_who_they_are() {
    let world = World::new();
    let gateway = &world.bed.gateway;
    let now_s = world.bed.clock.now().0 / 1_000;
    let minutes = PROVEN_MS / 60_000;
    #[rustfmt::skip]
    let cases = [
        ("nothing is said of it",      0,                          false),
        ("long ago, and let pass now", now_s - minutes * 60 - 1,   false),
        ("just now",                   now_s,                      true),
    ];
    for (name, auth_time, expected) in cases {
        world.stub.auth_time.store(auth_time, SeqCst);
        let (_, session) = world.session("ann");
        assert_eq!(gateway.may_take_package(&session).unwrap(), expected, "{name}");
        assert_eq!(gateway.package(&session).is_ok(), expected, "{name}");
    }
    let (_, session) = world.session("ann");
    world.bed.clock.forward_ms(PROVEN_MS);
    assert!(matches!(gateway.package(&session), Err(PackageError::SignInAnew)));
}

#[test]
fn a_trip_that_is_to_prove_anew_asks_the_provider_so() {
    let world = World::new();
    for anew in [false, true] {
        let (for_whom, then) = (SignInFor::Person, Some("/centre/package"));
        let (browser, state) =
            world.begin_as(SigningIn { for_whom, then, consent: None, anew, browser: None });
        world.finish(Some(&browser), &state, Some("ann")).unwrap();
        assert_eq!(world.stub.rounds.lock().unwrap().last().unwrap().anew, anew);
    }
}
