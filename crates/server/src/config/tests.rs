//! Every mistake is explained at once, the environment overrides the file, and the page keeps up with the code.
#![allow(clippy::disallowed_methods, reason = "golden files are written when the environment says so")]

use std::collections::BTreeSet;

use super::keys::SECTIONS;
use super::*;

const LEAST: &str = "[server]\nissuer = \"https://id.example\"\n";

fn read(text: &str, environment: &[(&str, &str)]) -> Result<Loaded, Vec<Problem>> {
    let environment: Vec<_> =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    read::all("yinuo.toml", text, &environment, PathBuf::from("/etc/yinuo"))
}

#[track_caller]
fn refused(text: &str, environment: &[(&str, &str)]) -> String {
    listed(&read(text, environment).map(|_| ()).expect_err("it was taken"))
}

#[test]
fn each_mistake_is_told_with_its_line_its_key_and_a_remedy() {
    #[rustfmt::skip]
    let cases = [
        ("[server]\nissuer = \"https://id.example\"\n[listen]\nadress = \"0.0.0.0:80\"\n", "yinuo.toml:4: listen.adress: there is no such key; did you mean address?"),
        ("[server]\nissuer = \"https://id.example\"\n[listen]\nqqq = 1\n", "yinuo.toml:4: listen.qqq: there is no such key; [listen] has address, connections_max"),
        ("[sever]\nissuer = \"https://id.example\"\n", "yinuo.toml:1: sever: there is no such section; the sections are [server]"),
        ("issuer = \"https://id.example\"\n", "yinuo.toml:1: issuer: it stands in no section"),
        ("[server]\nissuer = \"https://id.example\"\n[listen]\naddress = 8080\n", "yinuo.toml:4: listen.address: 8080 is not an IP address with a port"),
        ("[server]\nissuer = \"https://id.example\"\n[listen]\nconnections_max = 0\n", "yinuo.toml:4: listen.connections_max: 0 is not between 1 and 100000 connections; write a whole number, 1 to 100000 connections"),
        ("[server]\nissuer = \"https://id.example\"\n[listen]\nconnections_max = -1\n", "-1 is not a whole number"),
        ("[server]\nissuer = \"https://id.example\"\n[vault]\nsuite = \"sm9\"\n", "yinuo.toml:4: vault.suite: \"sm9\" is not \"guomi\" or \"international\""),
        ("[server]\nissuer = \"https://id.example\"\n[consent]\ndays_offered = [30, 365]\n", "yinuo.toml:4: consent.days_offered: they do not stand longest first"),
        ("[server]\nissuer = \"https://id.example\"\n[consent]\ndays_default = 31\n", "yinuo.toml:4: consent.days_default: 31 days are not among those offered"),
        ("[server]\nissuer = \"https://id.example\"\n[consent]\ndays_offered = [9999]\n", "9999 is not between 1 and 1095 days"),
        ("[server]\nissuer = \"https://id.example\"\n[tls]\nkey_file = \"key.pem\"\n", "tls.certificate_file: it is missing"),
        ("[server]\nissuer = \"https://id.example\"\npassphrase_file = \"none\"\n", "yinuo.toml:3: server.passphrase_file: /etc/yinuo/none cannot be read"),
        ("[server]\nissuer = \"https://id.example\"\n[telemetry]\nmetrics_address = \"127.0.0.1:8080\"\n", "yinuo.toml:4: telemetry.metrics_address: it is listen.address"),
        ("[server]\nissuer = \"https://id.example\"\n[telemetry]\nlevel = \"a=b=c\"\n", "telemetry.level: it cannot be understood"),
        ("[server]\nissuer = \"https://id.example\"\n[sign_in]\nclient_id = \"yinuo\"\n", "sign_in.issuer: it is missing"),
        ("[server]\nissuer = \"https://id.example\"\n[sign_in]\nscopes = [\"email\"]\n", "sign_in.scopes: openid is not among them"),
        ("[server]\nissuer = \"https://id.example/path\"\n", "yinuo.toml:2: server.issuer: it has a path"),
        ("[server]\n", "yinuo.toml: server.issuer: it is missing"),
        ("[server\n", "yinuo.toml:1: this is not TOML"),
        ("[server]\nissuer = \"https://id.example\"\nissuer = \"https://id.example\"\n", "yinuo.toml:3: this is not TOML"),
    ];
    for (text, expected) in cases {
        let told = refused(text, &[]);
        assert!(told.contains(expected), "{text}\n{told}\n{expected}");
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let text =
        "[server]\nissuer = \"ftp://id.example\"\n[listen]\nadress = \"\"\nconnections_max = \"many\"\n";
    let told = read(text, &[("YINUO_VAULT_SUITE", "sm9"), ("YINUO_VALUT_SUITE", "guomi")]).unwrap_err();
    let lines: Vec<_> = told.iter().map(|problem| (problem.place.as_str(), problem.line)).collect();
    for expected in [
        ("yinuo.toml", Some(2)),
        ("yinuo.toml", Some(4)),
        ("yinuo.toml", Some(5)),
        ("YINUO_VAULT_SUITE", None),
        ("YINUO_VALUT_SUITE", None),
    ] {
        assert!(lines.contains(&expected), "{expected:?} in {lines:?}");
    }
    assert_eq!(told.len(), 5, "{}", listed(&told));
}

#[test]
fn an_issuer_is_an_origin_that_every_client_writes_alike() {
    let text = |issuer: &str| format!("[server]\nissuer = \"{issuer}\"\n");
    for good in
        ["https://id.example", "https://id.example:8443", "http://127.0.0.1:8080", "http://[::1]:8080"]
    {
        assert_eq!(read(&text(good), &[]).unwrap().issuer(), good);
    }
    for bad in [
        "http://id.example",
        "https://id.example/",
        "https://ID.example",
        "https://id.example:443",
        "https://user@id.example",
        "https://id.example?a",
        "https://",
        "id.example",
        "https://id.example:0080",
        "",
    ] {
        assert!(read(&text(bad), &[]).is_err(), "{bad}");
    }
}

#[test]
fn the_environment_overrides_the_file_and_is_held_to_the_same_limits() {
    let text = format!("{LEAST}[listen]\nconnections_max = 7\n[vault]\nsuite = \"guomi\"\n");
    let environment = [
        ("YINUO_LISTEN_CONNECTIONS_MAX", "9"),
        ("YINUO_VAULT_SUITE", "international"),
        ("YINUO_CONSENT_DAYS_OFFERED", "[365, 30]"),
        ("YINUO_SERVER_DATA", "/srv/yinuo"),
        ("YINUO_SIGN_IN_PERSON_CLAIM", "8"),
        ("YINUO_PASSPHRASE", "no setting"),
    ];
    let loaded = read(&text, &environment).unwrap();
    assert_eq!(loaded.config.listen.connections_max, 9);
    assert_eq!(loaded.config.vault.suite, yinuo_domain::Suite::International);
    assert_eq!(loaded.config.consent.days_offered, [365, 30]);
    assert_eq!(loaded.path(&loaded.config.server.data), PathBuf::from("/srv/yinuo"));
    assert_eq!(loaded.config.sign_in.person_claim, "8", "texts are taken as they are");
    assert_eq!(read(&text, &[]).unwrap().config.listen.connections_max, 7);
    for (variable, value) in [
        ("YINUO_LISTEN_CONNECTIONS_MAX", "0"),
        ("YINUO_LISTEN_CONNECTIONS_MAX", "9\nother = 1"),
        ("YINUO_LISTEN_ADDRESS", "localhost"),
        ("YINUO_CONSENT_DAYS_DEFAULT", "7"),
        ("YINUO_LISTEN", "x"),
    ] {
        let told = refused(&text, &[(variable, value)]);
        assert!(told.starts_with(variable), "{variable}={value}: {told}");
    }
}

#[test]
fn every_setting_has_a_meaning_and_a_variable_of_its_own() {
    let mut variables = BTreeSet::new();
    for section in SECTIONS {
        assert!(!section.docs.is_empty(), "{}", section.name);
        for key in section.keys {
            assert!(!key.docs.is_empty(), "{}", section.path(key));
            assert!(variables.insert(section.variable(key)), "{} comes twice", section.variable(key));
        }
    }
}

#[test]
fn the_file_to_begin_with_is_in_order_and_its_comments_are_the_defaults() {
    let text = template(&[("server.issuer", "https://id.example".to_owned())]);
    let loaded = read(&text, &[]).unwrap_or_else(|problems| panic!("{}", listed(&problems)));
    assert_eq!(loaded.origins.keys().collect::<Vec<_>>(), ["server.issuer"]);
    let uncommented: String = text
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(key) if !key.starts_with(' ') && !key.ends_with('=') => format!("{key}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let spelt_out = read(&uncommented, &[]).unwrap_or_else(|problems| panic!("{}", listed(&problems)));
    for section in SECTIONS {
        for key in section.keys {
            let (path, value) = (section.path(key), (key.written)(&loaded.config));
            assert_eq!((key.written)(&spelt_out.config), value, "{path}");
            assert_eq!(spelt_out.origins.contains_key(&path), value.is_some(), "{path} is missing");
        }
    }
}

#[test]
fn the_page_keeps_up_with_the_settings() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/CONFIG.md");
    if std::env::var_os("YINUO_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, page::page()).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == page::page(), "docs/CONFIG.md: run with YINUO_WRITE_GOLDEN=1 and read the difference");
}
