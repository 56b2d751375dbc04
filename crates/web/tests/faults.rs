//! Every kind of write of the whole service, and every way in which the disk may fail it: nothing is answered as done
//! that is not in the log, the answer says when to try again and in the reader's language, and reading goes on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../../service/tests/bed/mod.rs"]
mod bed;
mod browser;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use bed::faulty::{Fault, Faults, Step};
use bed::{Bed, DELIVERY, ISSUER, OFFERS};
use browser::{Answer, Site, form};
use tower::ServiceExt as _;
use yinuo_domain::LogId;
use yinuo_ledger::{MemoryStore, verify};

const ASK: &str = r#"{"purpose":"delivery","items":["name","contact_phone"]}"#;
const OVERDUE_MS: u64 = 250;
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// What somebody does that needs a write. Each comes through its own door.
#[derive(Clone, Copy, Debug)]
enum Act {
    SignIn,
    SignOut,
    Push,
    Agree,
    Redeem,
    Refresh,
    Revoke,
    Disclose,
    Refused,
    WithdrawItem,
    WithdrawEverything,
    DeleteAccount,
    BeginImport,
    Import,
    EndImport,
    Find,
    Appoint,
    HideApp,
    Enrol,
    Sweep,
}

const ACTS: [Act; 20] = [
    Act::SignIn,
    Act::SignOut,
    Act::Push,
    Act::Agree,
    Act::Redeem,
    Act::Refresh,
    Act::Revoke,
    Act::Disclose,
    Act::Refused,
    Act::WithdrawItem,
    Act::WithdrawEverything,
    Act::DeleteAccount,
    Act::BeginImport,
    Act::Import,
    Act::EndImport,
    Act::Find,
    Act::Appoint,
    Act::HideApp,
    Act::Enrol,
    Act::Sweep,
];

/// What was there before the disk failed.
struct Before {
    cookie: String,
    csrf: String,
    access: String,
    refresh: String,
    /// A redirect with a code that was not redeemed.
    back: String,
    /// A page that waits for a decision.
    page: Answer,
    /// An import that was begun.
    import: String,
    size: u64,
}

async fn before(site: &Site) -> Before {
    let ann = site.browser("ann").await;
    let consent = async |client: &str, items: &[&str]| {
        let uri = site.push(client, &[("delivery", DELIVERY), ("offers", OFFERS)]).await;
        let page = ann.consent(client, &uri).await;
        ann.decide(&page, "agree", items).await.location().to_owned()
    };
    let back = consent("courier", &["delivery/name", "delivery/contact_phone"]).await;
    let tokens = site.redeem("courier", &back).await.json();
    let token = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let back = consent("shop", &["delivery/name"]).await;
    let uri = site.push("shop", &[("delivery", DELIVERY)]).await;
    let page = ann.consent("shop", &uri).await;
    let csrf = ann.get("/centre").await.field("csrf");
    let cookie = ann.cookie.clone();
    let begun = operator(site, "/operator/people/import/begin", "").await.json();
    let import = begun["import"].as_str().unwrap().to_owned();
    Before {
        cookie,
        csrf,
        access: token("access_token"),
        refresh: token("refresh_token"),
        back,
        page,
        import,
        size: size(site),
    }
}

fn size(site: &Site) -> u64 {
    site.bed.ledger.reader().head(&LogId::group(0)).unwrap().size
}

/// How an act ended: the answer over HTTP, or whether the call below it did.
enum Ended {
    Answered(Answer),
    Called(bool),
}

impl Act {
    async fn run(self, site: &Site, before: &Before) -> Ended {
        let person = [
            ("cookie", before.cookie.as_str()),
            ("accept", "text/html"),
            ("origin", ISSUER),
            FORM,
            ("sec-fetch-site", "same-origin"),
        ];
        let post = async |path: &str, pairs: &[(&str, &str)]| {
            let mut all = vec![("csrf", before.csrf.as_str())];
            all.extend_from_slice(pairs);
            site.ask(Method::POST, path, &person, &form(&all)).await
        };
        Ended::Answered(match self {
            Self::SignIn => site.ask(Method::POST, "/sign-in", &person[1..], &form(&[("choice", "bob")])).await,
            Self::SignOut => post("/sign-out", &[]).await,
            Self::Push => site.try_push("courier", &[("delivery", DELIVERY)]).await,
            Self::Agree => {
                let field = |name| before.page.field(name);
                let (client, uri, shown, to) = (field("client"), field("request_uri"), field("shown"), field("recipient"));
                let csrf = field("csrf");
                let pairs = [("csrf", csrf.as_str()), ("client", &client), ("request_uri", &uri), ("shown", &shown), ("recipient", &to), ("days", "30"), ("decision", "agree"), ("choice", "delivery/contact_phone")];
                site.ask(Method::POST, "/consent", &person, &form(&pairs)).await
            }
            Self::Redeem => site.redeem("shop", &before.back).await,
            Self::Refresh => {
                let pairs = [("grant_type", "refresh_token"), ("refresh_token", before.refresh.as_str())];
                site.client("courier", "/oauth/token", &pairs).await
            }
            Self::Revoke => site.client("courier", "/oauth/revoke", &[("token", &before.refresh)]).await,
            Self::Disclose => site.disclose(&before.access, ASK).await,
            Self::Refused => site.disclose(&before.access, r#"{"purpose":"delivery","items":["delivery_address"]}"#).await,
            Self::WithdrawItem => post("/centre/withdraw", &[("scope", "item"), ("of", "name")]).await,
            Self::WithdrawEverything => post("/centre/withdraw", &[("scope", "everything")]).await,
            Self::DeleteAccount => post("/centre/delete", &[]).await,
            Self::BeginImport => operator(site, "/operator/people/import/begin", "").await,
            Self::Import => {
                let batch = r#""correct":false,"items":["name"],"people":[{"line":1,"subject_id":"new-1","guardian_required":false,"values":["canary 一诺"]}]"#;
                operator(site, "/operator/people/import", &format!(r#"{{"import":"{}",{batch}}}"#, before.import)).await
            }
            Self::EndImport => operator(site, "/operator/people/import/end", &format!(r#"{{"import":"{}","refused":1}}"#, before.import)).await,
            Self::Find => operator(site, "/operator/people/find", r#"{"item":"email_address","value":"canary-bob@people.example","unmasked":false,"reason":null}"#).await,
            Self::Appoint => operator(site, "/operator/staff/appoint", r#"{"staff":"he","role":"auditor","identity":"invented-7"}"#).await,
            Self::HideApp => {
                let hidden = site.bed.gateway.hide_app(&bed::staff(), &bed::app("shop")).await;
                return Ended::Called(hidden.is_ok());
            }
            Self::Enrol => {
                let person = yinuo_domain::PersonId::parse("more-1").unwrap();
                let new = yinuo_service::NewPerson { person, guardian_required: false, values: vec![] };
                return Ended::Called(site.bed.gateway.enrol(new).await.is_ok());
            }
            Self::Sweep => return Ended::Called(site.bed.gateway.sweep().await.is_ok()),
        })
    }
}

async fn operator(site: &Site, path: &str, body: &str) -> Answer {
    let router = yinuo_web::operator_router(site.bed.gateway.clone());
    let request = Request::post(path)
        .header("content-type", "application/json")
        .header("yinuo-operator", "test")
        .body(Body::from(body.to_owned()))
        .unwrap();
    let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    Answer { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&body).into_owned() }
}

fn failing(store: &MemoryStore) -> (Site, Faults) {
    let faults = Faults::default();
    let site = Site::over(Bed::failing(store.clone(), faults.clone(), OVERDUE_MS));
    (site, faults)
}

#[tokio::test]
async fn whatever_write_of_the_service_fails_it_says_so_and_keeps_its_promises() {
    #[rustfmt::skip]
    let faults_of = [
        (Step::Begin,  0, Fault::Io),   (Step::Begin,  0, Fault::Hang),
        (Step::Change, 0, Fault::Full), (Step::Change, 0, Fault::Hang),
        (Step::Commit, 0, Fault::Lost), (Step::Commit, 0, Fault::Kept),
        (Step::Commit, 1, Fault::Torn), (Step::Commit, 0, Fault::Hang),
        (Step::Commit, 0, Fault::HangLost),
        (Step::Commit, 0, Fault::Full), (Step::Commit, 0, Fault::Io),
        (Step::Erase,  0, Fault::Io),   (Step::Erase,  0, Fault::Hang),
    ];
    for act in ACTS {
        // The control: without a fault it is done.
        let (site, _) = failing(&MemoryStore::default());
        let there = before(&site).await;
        match act.run(&site, &there).await {
            Ended::Answered(answer) => {
                assert_ne!(answer.status.as_u16(), 503, "{act:?}: {}", answer.body);
                let fine = answer.status.as_u16() < 400 || matches!(act, Act::Refused);
                assert!(fine, "{act:?}: {} {}", answer.status, answer.body);
            }
            Ended::Called(done) => assert!(done, "{act:?}"),
        }
        for (step, after, fault) in faults_of {
            let what = format!("{act:?} × {step:?} {fault:?}");
            let store = MemoryStore::default();
            let (site, faults) = failing(&store);
            let there = before(&site).await;
            faults.arm(step, after, fault);
            let ended = act.run(&site, &there).await;
            let fired = faults.fired();
            faults.disarm();
            if !fired {
                // Only a deletion erases, and not everything makes two changes.
                assert!(step == Step::Erase || fault == Fault::Torn, "{what}: no write");
                continue;
            }
            match &ended {
                Ended::Answered(answer) => unavailable(answer, &what),
                Ended::Called(done) => assert!(!done, "{what}: said to be done"),
            }
            let poisoned = site.bed.ledger.reader().is_poisoned();
            assert_eq!(poisoned, step.is_flush() || fault.hangs(), "{what}");
            if poisoned {
                reads_on(&site, &there, &what).await;
            }
            faults.release();
            assert_eq!(faults.tried_again(), 0, "{what}: something was written after a flush had failed");
            let keys = site.bed.verifier_keys.clone();
            match site.bed.again(&store) {
                Ok(ledger) => {
                    let report = verify(ledger.reader(), &keys, &mut |_| {}).unwrap();
                    // A row of a torn transaction without its entry is named.
                    assert!(fault == Fault::Torn || report.first_bad.is_none(), "{what}: {report:?}");
                    assert!(there.size <= ledger.reader().head(&LogId::group(0)).unwrap().size, "{what}");
                }
                Err(error) => assert!(fault == Fault::Torn, "{what}: {error}"),
            }
        }
    }
}

/// 503 with `Retry-After`, in the form of the door it came through.
fn unavailable(answer: &Answer, what: &str) {
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{what}: {}", answer.body);
    let again: u32 =
        answer.header("retry-after").parse().unwrap_or_else(|_| panic!("{what}: no Retry-After"));
    assert!((1..=60).contains(&again), "{what}: {again}");
    assert!(!answer.body.contains("canary"), "{what}: a value in an error");
    match answer.header("content-type").split(';').next().unwrap() {
        "application/problem+json" => {
            let told = answer.json();
            assert_eq!(
                (&told["status"], &told["type"]),
                (&503.into(), &format!("{ISSUER}/problems/unavailable").into()),
                "{what}"
            );
        }
        "application/json" => assert_eq!(answer.json()["error"], "temporarily_unavailable", "{what}"),
        "text/html" => assert!(
            ["暂时无法处理", "有些撤回没有成功"].iter().any(|title| answer.body.contains(title)),
            "{what}: {}",
            answer.body
        ),
        other => panic!("{what}: {other}"),
    }
}

/// The centre, the public log and health are served; nothing that needs a write is.
async fn reads_on(site: &Site, there: &Before, what: &str) {
    let person = [("cookie", there.cookie.as_str()), ("accept", "text/html")];
    for path in ["/centre", "/centre/history", "/log/g/0/checkpoint", "/log/g/0/sm3/checkpoint", "/healthz"] {
        let answer = site.ask(Method::GET, path, &person, "").await;
        // What was kept although it was said to be lost may have ended the session.
        let kept = ["Kept", "Torn", "Erase"].iter().any(|so| what.contains(so));
        let signed_out = kept && answer.status == StatusCode::SEE_OTHER;
        assert!(answer.status == StatusCode::OK || signed_out, "{what}: {path} {}", answer.status);
    }
    let ready = site.ask(Method::GET, "/readyz", &[], "").await;
    assert_eq!(
        (ready.status.as_u16(), &ready.json()["missing"]),
        (503, &serde_json::json!(["poisoned"])),
        "{what}"
    );
    let asked = site.disclose(&there.access, ASK).await;
    // Whose account is gone, or whose words were taken back, is refused; nobody gets anything.
    assert_ne!(asked.status, StatusCode::OK, "{what}: {}", asked.body);
}

#[tokio::test]
async fn whoever_is_told_to_come_back_is_told_in_their_language() {
    let (site, faults) = failing(&MemoryStore::default());
    let there = before(&site).await;
    faults.arm(Step::Commit, 0, Fault::Io);
    unavailable(&site.disclose(&there.access, ASK).await, "the first");
    let bearer = format!("Bearer {}", there.access);
    for (language, title) in [("zh", "暂时无法处理"), ("en", "Not possible at the moment")] {
        let headers = [
            ("content-type", "application/json"),
            ("authorization", bearer.as_str()),
            ("accept-language", language),
        ];
        let answer = site.ask(Method::POST, "/v1/disclosures", &headers, ASK).await;
        unavailable(&answer, language);
        let told = answer.json();
        assert_eq!(told["title"], title);
        assert!(!told["detail"].as_str().unwrap().is_empty() && !told["remedy"].as_str().unwrap().is_empty());
    }
}
