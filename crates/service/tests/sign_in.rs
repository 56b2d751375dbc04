//! A browser goes to an identity provider and comes back: once, itself, in time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod bed;

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use bed::Bed;
use futures_executor::block_on;
use yinuo_domain::PersonId;
use yinuo_service::*;

/// A provider that vouches for whoever the code names.
#[derive(Default)]
struct Stub {
    rounds: Mutex<Vec<Round>>,
    down: AtomicBool,
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
            Ok(Vouched { person: PersonId::parse(code).unwrap() })
        })
    }
}

struct World {
    bed: Bed,
    stub: Arc<Stub>,
}

impl World {
    fn new() -> Self {
        let stub = Arc::new(Stub::default());
        Self { bed: Bed::signing_in(SignIn::Provider(stub.clone())), stub }
    }

    /// Begins, and gives the cookie and the state.
    fn begin(&self, for_whom: SignInFor, then: Option<&str>, browser: Option<&str>) -> (String, String) {
        let asked = SigningIn { for_whom, then, browser };
        let begun = block_on(self.bed.gateway.begin_sign_in(asked)).unwrap();
        let state = begun.to.split_once("state=").unwrap().1.to_owned();
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
        block_on(self.bed.gateway.finish_sign_in(browser, &answer))
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
    let asked = SigningIn { for_whom: SignInFor::Person, then: Some("/centre"), browser: None };
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
    let asked = SigningIn { for_whom: SignInFor::Person, then: None, browser: None };
    let begun = block_on(bed.gateway.begin_sign_in(asked));
    assert!(matches!(begun, Err(SignInError::Gone)), "{begun:?}");
}

#[test]
fn where_nobody_vouches_nobody_signs_in() {
    let bed = Bed::signing_in(SignIn::Nobody);
    assert_eq!(bed.gateway.sign_in_way(), SignInWay::Nobody);
    let asked = SigningIn { for_whom: SignInFor::Person, then: None, browser: None };
    assert!(matches!(block_on(bed.gateway.begin_sign_in(asked)), Err(SignInError::Gone)));
    assert!(matches!(block_on(bed.gateway.sign_in("ann")), Err(SignInError::NotEnrolled)));
}
