//! A platform's own Yinuo, from `init` to the end: settings, TLS, the operator's socket, the lock, the way it leaves.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "serve/mod.rs"]
mod serve;

use std::os::unix::fs::PermissionsExt as _;

use serve::{Place, files, json, plain, said, wait_until};

#[test]
fn a_platform_is_made_checked_served_asked_and_ended() {
    let place = Place::empty();
    let made = place.init();
    assert!(made.status.success(), "{made:?}");
    for file in files(&place.path("yinuo-data/keys")) {
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
    assert!(place.yinuo(&["config", "check"]).status.success());
    place.configure(
        "[tls]\ncertificate_file = \"cert.pem\"\nkey_file = \"key.pem\"\n[telemetry]\nlog = \"json\"\nlevel = \
         \"warn,yinuo=info\"\nmetrics_address = \"127.0.0.1:0\"\n",
    );
    let checked = place.yinuo(&["config", "check", "--json"]);
    assert_eq!(json(&checked)["ok"], true);
    let disk = &json(&checked)["disk"];
    assert!(disk["flush_us"].is_u64() && disk["warnings"].is_array(), "{disk}");
    assert_eq!(disk["directory"], "yinuo-data");

    let mut served = place.serve();
    assert_eq!(served.says("ready"), "https://localhost:8443");
    assert!(served.says("disk").contains("a flush takes "));
    assert!(served.complaints().contains("nobody can sign in"), "{}", served.complaints());
    let health = place.get(&served, "/healthz");
    assert!(health.starts_with("HTTP/1.1 200") && health.ends_with("ok\n"), "{health}");
    assert!(health.contains("strict-transport-security"), "{health}");

    let ready = place.get(&served, "/readyz");
    assert!(
        ready.starts_with("HTTP/1.1 200") && ready.ends_with("{\"missing\":[],\"ready\":true}"),
        "{ready}"
    );
    assert!(place.get(&served, "/centre?canary=1").starts_with("HTTP/1.1 303"));

    // Metrics are on their own address, and on no other.
    let metrics = served.says("metrics").replace("http://", "").replace("/metrics", "");
    let counted = plain(&metrics, "/metrics");
    for line in [
        "yinuo_answer_seconds_count{method=\"GET\",route=\"/readyz\",status=\"200\"} 1",
        "yinuo_ledger_poisoned 0",
        "yinuo_rules_in_force 1",
        "yinuo_disclosures_total{outcome=\"released\"} 0",
        "yinuo_withheld_items_total{reason=\"withdrawn\"} 0",
        "yinuo_ledger_waiting{lane=\"urgent\"} 0",
        "yinuo_ledger_commit_seconds_bucket{le=\"+Inf\"} ",
        "yinuo_log_size{log=\"platform\"} ",
    ] {
        assert!(counted.contains(line), "{line} in {counted}");
    }
    assert!(plain(&metrics, "/").starts_with("HTTP/1.1 404"));
    assert!(place.get(&served, "/metrics").starts_with("HTTP/1.1 404"));
    let lines = served.complaints();
    let told = lines.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let about: Vec<_> = told.filter(|line| line["message"] == "answered").collect();
    assert!(about.iter().any(|line| line["status"] == 200 && line["span"]["route"] == "/readyz"), "{lines}");
    assert!(about.iter().all(|line| line["us"].is_u64()) && !lines.contains("canary"), "{lines}");

    let told = json(&place.yinuo(&["status", "--json"]));
    assert_eq!((&told["served"], &told["status"]["engine_active"]), (&true.into(), &true.into()));
    assert_eq!((&told["status"]["suite"], &told["status"]["profile"]), (&"guomi".into(), &"dual".into()));

    let second = said(&place.yinuo(&["serve"]), 2);
    assert!(
        second.contains("yinuo-data is in use by another process: a Yinuo serves it already"),
        "{second}"
    );
    assert_eq!(json(&place.yinuo(&["status", "--json"]))["served"], true, "the second took the socket away");

    assert_eq!(served.leave(), Some(0));
    assert!(!place.path("yinuo-data/operator.sock").exists());
    let alone = json(&place.yinuo(&["status", "--json"]));
    assert_eq!((&alone["served"], &alone["status"]["poisoned"]), (&false.into(), &false.into()));
    let verified = place.yinuo(&["verify", "yinuo-data"]);
    assert!(verified.status.success(), "{verified:?}");
}

/// The provider is the one in the settings, and believed under the authority in the settings alone.
#[test]
fn people_are_sent_to_the_platforms_own_provider() {
    let place = Place::initialised("");
    let issuer = serve::provider(&place);
    let settings = std::fs::read_to_string(place.path("yinuo.toml")).unwrap();
    let sign_in = format!("{settings}[sign_in]\nissuer = \"{issuer}\"\nclient_id = \"yinuo-at-the-bank\"\n");
    std::fs::write(place.path("yinuo.toml"), &sign_in).unwrap();
    let served = place.serve();
    let stranger = place.get(&served, "/sign-in?then=/centre");
    assert!(stranger.starts_with("HTTP/1.1 503") && stranger.contains("retry-after"), "{stranger}");
    assert_eq!(served.leave(), Some(0));

    std::fs::write(place.path("yinuo.toml"), format!("{sign_in}ca_file = \"cert.pem\"\n")).unwrap();
    let served = place.serve();
    let sent = place.get(&served, "/sign-in?then=/centre");
    assert!(sent.starts_with("HTTP/1.1 303"), "{sent}");
    let to = sent.lines().find_map(|line| line.strip_prefix("location: ")).unwrap();
    assert!(
        to.starts_with(&format!("{issuer}/authorize?response_type=code&client_id=yinuo-at-the-bank&")),
        "{to}"
    );
    assert!(to.contains("code_challenge_method=S256") && to.contains("&nonce="), "{to}");
    assert!(sent.contains("set-cookie: __Host-yinuo_trips="), "{sent}");
    assert_eq!(served.leave(), Some(0));
}

#[test]
fn nothing_that_is_there_is_written_over() {
    let place = Place::initialised("");
    let (settings, root) = (place.path("yinuo.toml"), place.path("yinuo-data/keys/root.json"));
    let before = (std::fs::read(&settings).unwrap(), std::fs::read(&root).unwrap());
    assert!(said(&place.init(), 2).contains("yinuo.toml is there already; nothing was changed"));
    let elsewhere = [
        "init",
        "--issuer",
        "https://localhost:8443",
        "--config",
        "other.toml",
        "--passphrase-file",
        "passphrase",
    ];
    assert!(said(&place.yinuo(&elsewhere), 2).contains("yinuo-data is not empty; nothing was changed"));
    assert_eq!((std::fs::read(&settings).unwrap(), std::fs::read(&root).unwrap()), before);

    let place = Place::empty();
    std::fs::write(place.path("passphrase"), "too short").unwrap();
    assert!(said(&place.init(), 2).contains("at least 12 bytes"));
    std::fs::write(place.path("passphrase"), "correct horse battery staple").unwrap();
    let wrong = ["init", "--issuer", "http://id.example", "--passphrase-file", "passphrase"];
    assert!(said(&place.yinuo(&wrong), 2).contains("server.issuer"));
    assert!(!place.path("yinuo-data").exists(), "a mistake left a directory behind");
}

#[test]
fn what_may_not_be_served_is_refused_with_its_reason() {
    let place = Place::initialised("");
    let data = place.path("yinuo-data");
    let refused = |what: &str| {
        let told = said(&place.yinuo(&["serve"]), 2);
        assert!(told.contains(what), "{told}");
    };
    let kept = std::fs::read_to_string(data.join("yinuo.json")).unwrap();
    std::fs::write(
        data.join("yinuo.json"),
        kept.replace("\"demonstration\": false", "\"demonstration\": true"),
    )
    .unwrap();
    refused("is a demonstration's");
    std::fs::write(data.join("yinuo.json"), &kept).unwrap();

    let root = std::fs::read_to_string(data.join("keys/root.json")).unwrap();
    assert!(root.contains("\"memory_kib\": 65536"), "{root}");
    std::fs::write(data.join("keys/root.json"), root.replace("65536", "1024")).unwrap();
    refused("too cheap to guess at");
    std::fs::write(data.join("keys/root.json"), &root).unwrap();

    std::fs::write(place.path("passphrase"), "incorrect horse battery").unwrap();
    refused("passphrase");
    std::fs::write(place.path("passphrase"), "correct horse battery staple").unwrap();

    let settings = std::fs::read_to_string(place.path("yinuo.toml")).unwrap();
    std::fs::write(place.path("yinuo.toml"), settings.replace("localhost:8443", "other.example")).unwrap();
    refused("was made for another issuer");
    std::fs::write(place.path("yinuo.toml"), format!("{settings}\n[vault]\nsuite = \"international\"\n"))
        .unwrap();
    refused("was made for another suite");
    std::fs::write(place.path("yinuo.toml"), format!("{settings}\n[valut]\n")).unwrap();
    refused("valut: there is no such section");
    std::fs::write(place.path("yinuo.toml"), &settings).unwrap();

    std::fs::write(place.path("key.pem"), "no key").unwrap();
    refused("key.pem holds no private key");
    place.certify();
    let served = place.serve();
    assert_eq!(served.leave(), Some(0));
}

#[test]
fn mistakes_in_settings_are_explained_to_people_and_programs() {
    let place = Place::empty();
    assert!(said(&place.yinuo(&["config", "check"]), 2).contains("yinuo.toml"));
    place.configure("adress = \"\"\n[vault]\nsuite = \"sm9\"\n");
    let told = place.yinuo(&["config", "check"]);
    assert_eq!(told.status.code(), Some(1));
    let text = String::from_utf8(told.stdout).unwrap();
    assert!(
        text.contains("yinuo.toml:7: listen.adress: there is no such key; did you mean address?"),
        "{text}"
    );
    assert!(text.contains("yinuo.toml:9: vault.suite:"), "{text}");
    let told = place.yinuo(&["config", "check", "--json"]);
    assert_eq!(told.status.code(), Some(1));
    let problems = json(&told);
    assert_eq!((&problems["ok"], &problems["problems"][1]["line"]), (&false.into(), &9.into()));

    place.configure("");
    let shown = place.command(&["config", "show"]).env("YINUO_LOG_PROFILE", "guomi").output().unwrap();
    let text = String::from_utf8(shown.stdout).unwrap();
    for line in [
        "issuer = \"https://localhost:8443\"  # yinuo.toml:2",
        "profile = \"guomi\"  # YINUO_LOG_PROFILE",
        "connections_max = 1024  # default",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    let unknown = place.command(&["config", "check"]).env("YINUO_LOG_PROFIL", "guomi").output().unwrap();
    assert!(
        String::from_utf8(unknown.stdout).unwrap().contains("YINUO_LOG_PROFIL: no setting has this variable")
    );
}

#[test]
fn a_new_certificate_is_used_without_a_restart_and_a_broken_one_is_not() {
    let place = Place::initialised("");
    let served = place.serve();
    assert!(place.get(&served, "/healthz").starts_with("HTTP/1.1 200"));
    let old = std::fs::read(place.path("cert.pem")).unwrap();
    place.certify();
    served.signal("HUP");
    wait_until("the new certificate is not used", || place.try_get(&served.address, "/healthz").is_ok());
    let new = std::fs::read(place.path("cert.pem")).unwrap();
    std::fs::write(place.path("cert.pem"), &old).unwrap();
    assert!(place.try_get(&served.address, "/healthz").is_err(), "the old certificate is still used");

    // The key is now another certificate's.
    served.signal("HUP");
    wait_until("a broken renewal is not told", || served.complaints().contains("could not be renewed"));
    std::fs::write(place.path("cert.pem"), new).unwrap();
    assert!(place.get(&served, "/healthz").starts_with("HTTP/1.1 200"), "a broken renewal took it down");
    assert_eq!(served.leave(), Some(0));
}
