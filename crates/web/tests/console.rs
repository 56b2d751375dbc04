//! The console: who gets in, with what, how far, and that nothing about a person is there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../../service/tests/bed/mod.rs"]
mod bed;
mod browser;

use axum::http::Method;
use bed::{DELIVERY, ISSUER, PEOPLE, staff, value_of};
use browser::{Answer, Site, form};
use yinuo_domain::{Clock as _, PersonId, Role, StaffId};
use yinuo_service::Totp;

/// A browser with one cookie at a time, as a line of the request.
async fn get(site: &Site, cookie: &str, path: &str) -> Answer {
    let headers = [("cookie", cookie), ("accept", "text/html"), ("accept-language", "en")];
    site.ask(Method::GET, path, &headers, "").await
}

async fn post(site: &Site, cookie: &str, path: &str, pairs: &[(&str, &str)]) -> Answer {
    let headers = [
        ("cookie", cookie),
        ("accept", "text/html"),
        ("accept-language", "en"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("origin", ISSUER),
        ("sec-fetch-site", "same-origin"),
    ];
    site.ask(Method::POST, path, &headers, &form(pairs)).await
}

fn cookie_of(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

fn id(name: &str) -> StaffId {
    StaffId::parse(name).unwrap()
}

/// Whether the shop's partner is suspended, by the state that decisions are made with.
fn is_suspended(site: &Site) -> bool {
    let partner = yinuo_domain::PartnerId::parse("shop-company").unwrap();
    let platform = site.bed.ledger.reader().platform();
    format!("{:?}", platform.partners[&partner].status) == "Suspended"
}

fn code(site: &Site, totp: &Totp) -> String {
    totp.code_at(site.bed.clock.now())
}

/// The first factor; gives the cookie of whoever waits for the second.
async fn arrive(site: &Site, name: &str) -> String {
    let answer = post(site, "", "/console/sign-in", &[("choice", &format!("more-{name}"))]).await;
    assert_eq!(answer.location(), "/console/second-factor");
    let line = answer.header("set-cookie");
    assert!(line.contains("; Path=/; HttpOnly; SameSite=Lax"), "{line}");
    cookie_of(&answer)
}

async fn second(site: &Site, pending: &str, code: &str) -> Answer {
    let page = get(site, pending, "/console/second-factor").await;
    post(site, pending, "/console/second-factor", &[("csrf", &page.field("csrf")), ("code", code)]).await
}

async fn appoint(site: &Site, name: &str, role: Role) -> String {
    let identity = PersonId::parse(&format!("more-{name}")).unwrap();
    let code = site.bed.gateway.appoint_staff(&staff(), &id(name), role, Some(&identity)).await.unwrap();
    code.unwrap().text()
}

/// Appoints somebody and lets them set up a second factor; gives its secret and the session's cookie.
async fn enrol(site: &Site, name: &str, role: Role) -> (Totp, String) {
    let enrolment = appoint(site, name, role).await;
    let answer = second(site, &arrive(site, name).await, &enrolment).await;
    assert_eq!(answer.location(), "/console/second-factor");
    let pending = cookie_of(&answer);
    let page = get(site, &pending, "/console/second-factor").await;
    assert!(page.body.contains("<svg") && !page.body.contains("<?xml"), "{}", page.body);
    let (_, rest) = page.body.split_once("<code translate=\"no\">").unwrap();
    let secret = rest.split_once('<').unwrap().0.replace(' ', "");
    let totp = Totp::parse(&secret).unwrap();
    let answer = second(site, &pending, &code(site, &totp)).await;
    assert_eq!(answer.location(), "/console", "{}", answer.body);
    assert!(answer.header("set-cookie").contains("; Path=/; HttpOnly; SameSite=Strict"));
    (totp, cookie_of(&answer))
}

/// Signs in with the next password.
async fn sign_in(site: &Site, name: &str, totp: &Totp) -> Answer {
    site.bed.clock.forward_ms(30_000);
    second(site, &arrive(site, name).await, &code(site, totp)).await
}

const ACT: &[(&str, &str)] = &[("act", "suspend"), ("of", "shop-company")];
const CONFIRM: &str = "/console/partners/confirm?act=suspend&of=shop-company";

/// Method, path, what a form carries beside the token, and what each visitor gets.
type Line = (&'static str, &'static str, &'static [(&'static str, &'static str)], [&'static str; 7]);

/// Each route, as each visitor meets it. `in` is the sign-in page.
#[rustfmt::skip]
const MATRIX: &[Line] = &[
    //                                             anonymous person pending auditor operator dismissed stale
    ("GET",  "/console",                 &[],     ["in",  "in",  "in",  "200", "200",  "in",  "in"]),
    ("GET",  "/console/log",             &[],     ["in",  "in",  "in",  "200", "200",  "in",  "in"]),
    ("GET",  "/console/me",              &[],     ["in",  "in",  "in",  "200", "200",  "in",  "in"]),
    ("GET",  "/console/partners",        &[],     ["in",  "in",  "in",  "200", "200",  "in",  "in"]),
    ("GET",  CONFIRM,                    &[],     ["in",  "in",  "in",  "403", "200",  "in",  "in"]),
    ("POST", "/console/partners",        ACT,     ["in",  "in",  "in",  "403", "done", "in",  "in"]),
    ("GET",  "/console/sign-in",         &[],     ["200", "200", "200", "200", "200",  "200", "200"]),
    ("GET",  "/console/second-factor",   &[],     ["in",  "in",  "200", "in",  "in",   "in",  "in"]),
    ("POST", "/console/second-factor",   &[],     ["in",  "in",  "400", "in",  "in",   "in",  "in"]),
    ("POST", "/console/second-factor/passkey", &[], ["in", "in", "400", "in", "in",   "in",  "in"]),
    ("POST", "/console/passkeys",        &[],     ["in",  "in",  "in",  "400", "400",  "in",  "in"]),
    ("POST", "/console/passkeys/add",    &[],     ["in",  "in",  "in",  "400", "400",  "in",  "in"]),
    ("POST", "/console/passkeys/remove", &[],     ["in",  "in",  "in",  "400", "400",  "in",  "in"]),
    ("GET",  "/centre",                  &[],     ["me",  "200", "me",  "me",  "me",   "me",  "me"]),
    ("POST", "/console/sign-out",        &[],     ["in",  "in",  "in",  "in",  "in",   "in",  "in"]),
];

#[tokio::test]
async fn every_route_of_the_console_is_open_to_whom_the_table_says() {
    for (column, visitor) in
        ["anonymous", "person", "pending", "auditor", "operator", "dismissed", "stale"].iter().enumerate()
    {
        let site = Site::new();
        let cookie = match *visitor {
            "anonymous" => String::new(),
            "person" => site.browser("ann").await.cookie,
            "pending" => {
                enrol(&site, "lin", Role::Operator).await;
                arrive(&site, "lin").await
            }
            "auditor" => enrol(&site, "lin", Role::Auditor).await.1,
            "dismissed" => {
                let (_, cookie) = enrol(&site, "lin", Role::Operator).await;
                site.bed.gateway.dismiss_staff(&staff(), &id("lin")).await.unwrap();
                cookie
            }
            "stale" => {
                let (_, cookie) = enrol(&site, "lin", Role::Operator).await;
                site.bed.clock.forward_ms(yinuo_service::STAFF_IDLE_MS);
                cookie
            }
            _ => enrol(&site, "lin", Role::Operator).await.1,
        };
        // What forms of this visitor carry, if they have any.
        let page = match *visitor {
            "pending" => get(&site, &cookie, "/console/second-factor").await,
            _ => get(&site, &cookie, "/console/me").await,
        };
        let csrf = if page.status == 200 { page.field("csrf") } else { "none".to_owned() };
        for (method, path, pairs, expected) in MATRIX {
            let mut pairs = pairs.to_vec();
            pairs.push(("csrf", &csrf));
            let answer = match *method {
                "GET" => get(&site, &cookie, path).await,
                _ => post(&site, &cookie, path, &pairs).await,
            };
            let found = match (answer.status.as_u16(), answer.header("location")) {
                (303, "/console/sign-in") => "in".to_owned(),
                (303, "/console/partners?done=1") => "done".to_owned(),
                (303, to) if to.starts_with("/sign-in") => "me".to_owned(),
                (status, _) => status.to_string(),
            };
            assert_eq!(found, expected[column], "{visitor}: {method} {path}");
        }
        let suspended = is_suspended(&site);
        assert_eq!(suspended, *visitor == "operator", "{visitor}");
    }
}

#[tokio::test]
async fn a_form_of_another_session_or_site_changes_nothing() {
    let site = Site::new();
    let (_, cookie) = enrol(&site, "wei", Role::Operator).await;
    let (_, other) = enrol(&site, "lin", Role::Operator).await;
    let theirs = get(&site, &other, "/console/me").await.field("csrf");
    for csrf in ["", "x", &theirs] {
        let answer = post(&site, &cookie, "/console/partners", &[ACT, &[("csrf", csrf)]].concat()).await;
        assert_eq!(answer.status, 403, "{csrf}");
    }
    let mine = get(&site, &cookie, "/console/me").await.field("csrf");
    let headers = [
        ("cookie", cookie.as_str()),
        ("content-type", "application/x-www-form-urlencoded"),
        ("origin", "https://evil.example"),
    ];
    let body = form(&[ACT, &[("csrf", &mine)]].concat());
    assert_eq!(site.ask(Method::POST, "/console/partners", &headers, &body).await.status, 403);
    assert!(!is_suspended(&site));
}

/// One factor is never enough, whichever it is.
#[tokio::test]
async fn nobody_is_signed_in_without_a_second_factor() {
    let site = Site::new();
    let (totp, _) = enrol(&site, "lin", Role::Operator).await;
    site.bed.clock.forward_ms(30_000);
    let pending = arrive(&site, "lin").await;
    for wrong in ["", "000000", "abcdef", "0001-2a03-0405-0607-08ff"] {
        let answer = second(&site, &pending, wrong).await;
        assert_eq!(answer.status, 403, "{wrong}");
        assert_eq!(answer.header("set-cookie"), "", "{wrong}");
    }
    // The cookie of whoever waits opens nothing, under neither name.
    for name in ["yinuo_staff", "yinuo_staff_pending", "yinuo_session"] {
        let cookie = format!("{name}={}", pending.split_once('=').unwrap().1);
        assert_eq!(get(&site, &cookie, "/console").await.status, 303);
        assert_eq!(get(&site, &cookie, "/centre").await.status, 303);
    }
    // A right password without the first factor is nothing.
    let answer = post(&site, "", "/console/second-factor", &[("code", &code(&site, &totp))]).await;
    assert_eq!(answer.location(), "/console/sign-in");
    assert_eq!(second(&site, &pending, &code(&site, &totp)).await.location(), "/console");
    // Whoever waited does so no more.
    assert_eq!(get(&site, &pending, "/console/second-factor").await.location(), "/console/sign-in");
}

#[tokio::test]
async fn a_password_is_good_once() {
    let site = Site::new();
    let (totp, _) = enrol(&site, "lin", Role::Auditor).await;
    let used = code(&site, &totp);
    assert_eq!(second(&site, &arrive(&site, "lin").await, &used).await.status, 403, "the one of setting up");
    site.bed.clock.forward_ms(30_000);
    let next = code(&site, &totp);
    assert_eq!(second(&site, &arrive(&site, "lin").await, &next).await.location(), "/console");
    assert_eq!(second(&site, &arrive(&site, "lin").await, &next).await.status, 403);
    assert_eq!(second(&site, &arrive(&site, "lin").await, &used).await.status, 403, "nor one before it");
}

#[tokio::test]
async fn guessing_meets_a_wait_that_a_right_password_does_not_end() {
    let site = Site::new();
    let (totp, _) = enrol(&site, "lin", Role::Auditor).await;
    site.bed.clock.forward_ms(30_000);
    let pending = arrive(&site, "lin").await;
    for _ in 0..5 {
        assert_eq!(second(&site, &pending, "000000").await.status, 403);
    }
    // Another browser does not help, and it looks the same as a wrong one.
    let other = arrive(&site, "lin").await;
    assert_eq!(second(&site, &other, &code(&site, &totp)).await.status, 403);
    assert_eq!(sign_in(&site, "lin", &totp).await.location(), "/console", "after the wait");
}

/// A page without what it asks of a passkey, which differs each time.
fn plain(page: &Answer) -> String {
    let (before, rest) = page.body.split_once("data-options=\"").unwrap();
    format!("{before}{}", rest.split_once('"').unwrap().1)
}

#[tokio::test]
async fn who_is_on_the_staff_is_not_told() {
    let site = Site::new();
    enrol(&site, "lin", Role::Auditor).await;
    let page = |pending: String| {
        let site = &site;
        async move {
            let shown = get(site, &pending, "/console/second-factor").await;
            let wrong = second(site, &pending, "000000").await;
            let csrf = shown.field("csrf");
            (plain(&shown).replace(&csrf, ""), wrong.status, plain(&wrong).replace(&csrf, ""))
        }
    };
    let known = page(arrive(&site, "lin").await).await;
    assert_eq!(known, page(arrive(&site, "nobody-at-all").await).await);
    appoint(&site, "wei", Role::Operator).await;
    assert_eq!(known, page(arrive(&site, "wei").await).await, "appointed, and nothing set up yet");
}

#[tokio::test]
async fn an_enrolment_code_ends_after_a_day_and_with_its_use() {
    let site = Site::new();
    let enrolment = appoint(&site, "lin", Role::Auditor).await;
    let day = 24 * 3_600_000;
    site.bed.clock.forward_ms(day);
    assert_eq!(second(&site, &arrive(&site, "lin").await, &enrolment).await.status, 403);
    let code = site.bed.gateway.reset_staff_factor(&staff(), &id("lin")).await.unwrap().text();
    assert_eq!(second(&site, &arrive(&site, "lin").await, &enrolment).await.status, 403, "the earlier one");
    site.bed.clock.forward_ms(day - 1);
    let answer = second(&site, &arrive(&site, "lin").await, &code).await;
    assert_eq!(answer.location(), "/console/second-factor");
    let site = Site::new();
    let enrolment = appoint(&site, "wei", Role::Operator).await;
    let first = second(&site, &arrive(&site, "wei").await, &enrolment).await;
    let setup = get(&site, &cookie_of(&first), "/console/second-factor").await;
    let secret = setup.body.split_once("<code translate=\"no\">").unwrap().1.split_once('<').unwrap().0;
    let totp = Totp::parse(&secret.replace(' ', "")).unwrap();
    let done = second(&site, &cookie_of(&first), &totp.code_at(site.bed.clock.now())).await;
    assert_eq!(done.location(), "/console");
    assert_eq!(second(&site, &arrive(&site, "wei").await, &enrolment).await.status, 403, "used");
}

/// The role is that of the platform now, never that of the session.
#[tokio::test]
async fn another_role_or_a_reset_counts_at_the_next_request() {
    let site = Site::new();
    let (_, cookie) = enrol(&site, "lin", Role::Auditor).await;
    assert_eq!(get(&site, &cookie, CONFIRM).await.status, 403);
    site.bed.gateway.appoint_staff(&staff(), &id("lin"), Role::Operator, None).await.unwrap();
    assert_eq!(get(&site, &cookie, CONFIRM).await.status, 200);
    site.bed.gateway.appoint_staff(&staff(), &id("lin"), Role::Auditor, None).await.unwrap();
    assert_eq!(get(&site, &cookie, CONFIRM).await.status, 403);
    site.bed.gateway.reset_staff_factor(&staff(), &id("lin")).await.unwrap();
    assert_eq!(get(&site, &cookie, "/console").await.location(), "/console/sign-in");
    // Dismissed and appointed again is not the same appointment.
    let (_, cookie) = enrol(&site, "wei", Role::Operator).await;
    site.bed.gateway.dismiss_staff(&staff(), &id("wei")).await.unwrap();
    appoint(&site, "wei", Role::Operator).await;
    assert_eq!(get(&site, &cookie, "/console").await.location(), "/console/sign-in");
}

#[tokio::test]
async fn a_session_lasts_while_somebody_works_and_eight_hours_at_most() {
    let site = Site::new();
    let (_, mut cookie) = enrol(&site, "lin", Role::Auditor).await;
    let step = yinuo_service::STAFF_IDLE_MS - 1;
    let mut worked = 0;
    loop {
        site.bed.clock.forward_ms(step);
        worked += step;
        let answer = get(&site, &cookie, "/console/me").await;
        if worked >= yinuo_service::STAFF_SESSION_MS {
            assert_eq!(answer.location(), "/console/sign-in");
            break;
        }
        assert_eq!(answer.status, 200, "after {worked} ms");
        cookie = cookie_of(&answer);
    }
    // Signing out ends every cookie of the session.
    let (_, first) = enrol(&site, "wei", Role::Operator).await;
    site.bed.clock.forward_ms(step);
    let page = get(&site, &first, "/console/me").await;
    let second = cookie_of(&page);
    assert_ne!(first, second);
    post(&site, &second, "/console/sign-out", &[("csrf", &page.field("csrf"))]).await;
    for cookie in [first, second] {
        assert_eq!(get(&site, &cookie, "/console").await.location(), "/console/sign-in");
    }
}

#[tokio::test]
async fn what_an_operator_does_stands_in_the_log_under_their_name() {
    let site = Site::new();
    let (_, cookie) = enrol(&site, "wei", Role::Operator).await;
    let page = get(&site, &cookie, CONFIRM).await;
    let pairs = [("csrf", page.field("csrf")), ("act", page.field("act")), ("of", page.field("of"))];
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(
        post(&site, &cookie, "/console/partners", &pairs).await.location(),
        "/console/partners?done=1"
    );
    let log = get(&site, &cookie, "/console/log").await.body;
    let line = log.lines().find(|line| line.contains("Partner suspended")).unwrap();
    assert!(line.contains("<td>shop-company</td><td>wei</td>"), "{line}");
    // Again: there is nothing to suspend.
    assert_eq!(post(&site, &cookie, "/console/partners", &pairs).await.status, 422);
}

/// Whatever people did, no page of the console says who, what, or under which name.
#[tokio::test]
async fn nothing_about_one_person_is_on_any_page() {
    let site = Site::new();
    let mut sub = Vec::new();
    for person in ["ann", "bob"] {
        let browser = site.browser(person).await;
        let page = browser.consent("courier", &site.push("courier", &[("delivery", DELIVERY)]).await).await;
        let back = browser.decide(&page, "agree", &["delivery/name", "delivery/contact_phone"]).await;
        let token = site.redeem("courier", back.location()).await.json();
        sub.push(token["sub"].as_str().unwrap().to_owned());
        let access = token["access_token"].as_str().unwrap();
        for body in [
            r#"{"purpose":"delivery","items":["name"]}"#,
            r#"{"purpose":"delivery","items":["delivery_address"]}"#,
        ] {
            site.disclose(access, body).await;
        }
    }
    let (_, cookie) = enrol(&site, "wei", Role::Operator).await;
    let mut open = vec!["/console".to_owned()];
    let mut seen: Vec<String> = Vec::new();
    while let Some(path) = open.pop() {
        if seen.contains(&path) {
            continue;
        }
        let answer = get(&site, &cookie, &path).await;
        assert_eq!(answer.status, 200, "{path}");
        for person in PEOPLE {
            assert!(!answer.body.contains(&format!(">{person}<")), "{path}");
            for item in DELIVERY {
                assert!(!answer.body.contains(&value_of(person, item)), "{path}");
            }
        }
        assert!(!answer.body.contains("canary") && !answer.body.contains("dsc_"), "{path}");
        assert!(sub.iter().all(|sub| !answer.body.contains(sub.as_str())), "{path}");
        let links = answer.body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        open.extend(
            links
                .filter(|to| to.starts_with("/console") && !to.contains("lang=") && *to != "/console/sign-in")
                .map(|to| to.replace("&#38;", "&").replace("&amp;", "&")),
        );
        seen.push(path);
    }
    assert!(8 <= seen.len(), "{seen:?}");
    let overview = get(&site, &cookie, "/console").await.body;
    // Two people's consents, two releases and two refusals: some, and not how many.
    assert!(overview.contains("<td>fewer than 5</td>") && !overview.contains("<td>2</td>"), "{overview}");
    assert!(overview.contains("fewer than 5</dd>"), "four people are enrolled: {overview}");
}

/// What a page asks of a passkey, as the bed's passkeys answer it with this one.
fn answer(page: &Answer, passkey: &str) -> String {
    let (_, rest) = page.body.split_once("data-options=\"").unwrap();
    format!("{} {passkey}", rest.split_once('"').unwrap().0)
}

/// Adds a passkey in a session; gives what came of it.
async fn add_passkey(site: &Site, cookie: &str, totp: &Totp, passkey: &str) -> Answer {
    site.bed.clock.forward_ms(30_000);
    let csrf = get(site, cookie, "/console/me").await.field("csrf");
    let code = code(site, totp);
    let asked =
        post(site, cookie, "/console/passkeys", &[("csrf", &csrf), ("name", "a key"), ("code", &code)]).await;
    assert_eq!(asked.status, 200, "{}", asked.body);
    assert!(asked.header("content-security-policy").ends_with("; script-src 'self'"));
    let (ticket, answer) = (asked.field("ticket"), answer(&asked, passkey));
    let pairs = [("csrf", csrf.as_str()), ("ticket", &ticket), ("answer", &answer)];
    let added = post(site, cookie, "/console/passkeys/add", &pairs).await;
    assert_eq!(post(site, cookie, "/console/passkeys/add", &pairs).await.status, 403, "a second time");
    added
}

async fn by_passkey(site: &Site, pending: &str, csrf: &str, answer: &str) -> Answer {
    post(site, pending, "/console/second-factor/passkey", &[("csrf", csrf), ("answer", answer)]).await
}

#[tokio::test]
async fn a_passkey_signs_in_and_what_was_asked_is_answered_once() {
    let site = Site::new();
    let (totp, cookie) = enrol(&site, "lin", Role::Auditor).await;
    assert_eq!(add_passkey(&site, &cookie, &totp, "k").await.location(), "/console/me");
    let me = get(&site, &cookie, "/console/me").await;
    assert!(me.body.contains("<dt>a key</dt>"));
    assert!(!me.header("content-security-policy").contains("script-src"), "no script is needed there");

    let pending = arrive(&site, "lin").await;
    let page = get(&site, &pending, "/console/second-factor").await;
    assert!(page.header("content-security-policy").ends_with("; script-src 'self'"));
    let (csrf, right) = (page.field("csrf"), answer(&page, "k"));
    assert_eq!(by_passkey(&site, &pending, "another", &right).await.status, 403, "a forged form");
    let wrong = by_passkey(&site, &pending, &csrf, &answer(&page, "other")).await;
    assert_eq!(wrong.status, 403);
    let late = by_passkey(&site, &pending, &csrf, &right).await;
    assert_eq!(late.location(), "/console/sign-in", "what was asked is used up");
    let again = cookie_of(&wrong);
    let stale = by_passkey(&site, &again, &wrong.field("csrf"), &right).await;
    assert_eq!(stale.status, 403, "an answer to what was asked before");
    let again = cookie_of(&stale);
    let signed_in = by_passkey(&site, &again, &stale.field("csrf"), &answer(&stale, "k")).await;
    assert_eq!(signed_in.location(), "/console", "{}", signed_in.body);
    assert_eq!(get(&site, &cookie_of(&signed_in), "/console").await.status, 200);
    // Being asked again and again does not make the time longer.
    let pending = arrive(&site, "lin").await;
    let page = get(&site, &pending, "/console/second-factor").await;
    site.bed.clock.forward_ms(yinuo_service::STAFF_PENDING_MS - 1);
    let wrong = by_passkey(&site, &pending, &page.field("csrf"), "x").await;
    site.bed.clock.forward_ms(1);
    let over = get(&site, &cookie_of(&wrong), "/console/second-factor").await;
    assert_eq!(over.location(), "/console/sign-in");
}

#[tokio::test]
async fn a_passkey_is_gone_with_the_appointment_and_nobody_is_told_who_has_one() {
    let site = Site::new();
    let (totp, cookie) = enrol(&site, "lin", Role::Auditor).await;
    add_passkey(&site, &cookie, &totp, "k").await;
    site.bed.clock.forward_ms(30_000);
    let csrf = get(&site, &cookie, "/console/me").await.field("csrf");
    let fields = [("csrf", csrf.as_str()), ("name", "another"), ("code", "000000")];
    assert_eq!(post(&site, &cookie, "/console/passkeys", &fields).await.status, 403, "without a password");

    // Somebody who is not on the staff meets the same page and the same refusal.
    let (mut pages, mut refusals) = (Vec::new(), Vec::new());
    for name in ["lin", "wei"] {
        let pending = arrive(&site, name).await;
        let page = get(&site, &pending, "/console/second-factor").await;
        let refused = by_passkey(&site, &pending, &page.field("csrf"), "x y").await;
        let seen = |answer: &Answer| (answer.status, plain(answer).replace(&answer.field("csrf"), ""));
        pages.push(seen(&page));
        refusals.push(seen(&refused));
    }
    assert_eq!((&pages[0], &refusals[0]), (&pages[1], &refusals[1]));

    let code = site.bed.gateway.reset_staff_factor(&staff(), &id("lin")).await.unwrap();
    let pending = arrive(&site, "lin").await;
    let page = get(&site, &pending, "/console/second-factor").await;
    let old = by_passkey(&site, &pending, &page.field("csrf"), &answer(&page, "k")).await;
    assert_eq!(old.status, 403, "reset");
    let set_up = second(&site, &cookie_of(&old), &code.text()).await;
    assert_eq!(set_up.location(), "/console/second-factor", "the code still works");
}

#[tokio::test]
async fn a_lost_passkey_is_removed_with_every_session_and_the_other_one_stays() {
    let site = Site::new();
    let (totp, cookie) = enrol(&site, "lin", Role::Auditor).await;
    add_passkey(&site, &cookie, &totp, "lost").await;
    let sign_in = async |passkey: &str| {
        let pending = arrive(&site, "lin").await;
        let page = get(&site, &pending, "/console/second-factor").await;
        by_passkey(&site, &pending, &page.field("csrf"), &answer(&page, passkey)).await
    };
    let others = cookie_of(&sign_in("lost").await);
    assert_eq!(add_passkey(&site, &others, &totp, "kept").await.location(), "/console/me");
    let cookie = cookie_of(&sign_in("kept").await);
    let me = get(&site, &cookie, "/console/me").await;
    let (csrf, lost) = (me.field("csrf"), "bG9zdA");
    let remove = async |csrf: &str, passkey: &str| {
        post(&site, &cookie, "/console/passkeys/remove", &[("csrf", csrf), ("passkey", passkey)]).await
    };
    assert_eq!(remove("another", lost).await.status, 403, "a forged form");
    assert_eq!(remove(&csrf, "bm9uZQ").await.status, 403, "one that is not there");
    assert_eq!(get(&site, &others, "/console").await.status, 200);
    assert_eq!(remove(&csrf, lost).await.location(), "/console/sign-in");
    for cookie in [&cookie, &others] {
        assert_eq!(get(&site, cookie, "/console").await.location(), "/console/sign-in");
    }
    assert_eq!(sign_in("lost").await.status, 403);
    assert_eq!(sign_in("kept").await.location(), "/console");
}

#[tokio::test]
async fn a_reset_stands_in_the_log_of_changes_with_who_did_it() {
    let site = Site::new();
    let (_, cookie) = enrol(&site, "wei", Role::Operator).await;
    enrol(&site, "lin", Role::Auditor).await;
    let by = StaffId::parse("he").unwrap();
    site.bed.gateway.reset_staff_factor(&by, &id("lin")).await.unwrap();
    let log = get(&site, &cookie, "/console/log").await.body;
    let line = log.split("<tr>").find(|line| line.contains("Second factor reset")).unwrap();
    assert!(line.contains("<td>lin</td>") && line.contains("<td>he</td>"), "{line}");
    assert!(site.bed.gateway.reset_staff_factor(&by, &id("nobody")).await.is_err());
}
