//! The cookies: who is signed in, who is signing in, and which language was chosen.

use axum::http::{HeaderMap, HeaderValue, header};
use yinuo_service::{SIGN_IN_MS, STAFF_PENDING_MS};

/// How long the choice of a language is kept: a year.
const LANG_AGE_S: u32 = 31_536_000;
/// How long a browser may be on its way through the identity provider, in seconds.
const SIGN_IN_AGE_S: u32 = (SIGN_IN_MS / 1_000) as u32;
/// How long may pass between the two factors of staff, in seconds.
const STAFF_PENDING_AGE_S: u32 = (STAFF_PENDING_MS / 1_000) as u32;
/// How many trips of one browser are kept, one for each tab that waits.
const TRIPS_MAX: usize = 4;
/// How long their cookie may get, with its name below what every browser keeps (RFC 6265 §6.1).
const TRIPS_LEN_MAX: usize = 3_800;
/// What stands between two of them.
const TRIPS_BETWEEN: &str = "~";
/// The cookie of the chosen language.
pub(crate) const LANG: &str = "yinuo_lang";

/// What the cookies of this site are called and demand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Jar {
    secure: bool,
}

impl Jar {
    /// Over https a cookie is `Secure`, and the session's name says that no other host or path set it
    /// (RFC 6265bis §4.1.3.2). Over http (the demonstration on this machine) browsers would drop such a cookie.
    pub(crate) fn of_issuer(issuer: &str) -> Self {
        Self { secure: issuer.starts_with("https://") }
    }

    /// The name of the session cookie.
    pub(crate) fn session_name(self) -> &'static str {
        if self.secure { "__Host-yinuo_session" } else { "yinuo_session" }
    }

    /// Begins a session. It ends with the browser, or when the service ends it. `Lax`, because people arrive at the
    /// consent page from an app's site.
    pub(crate) fn begin_session(self, text: &str) -> Option<HeaderValue> {
        self.set(self.session_name(), text, None)
    }

    /// Forgets the session.
    pub(crate) fn end_session(self) -> Option<HeaderValue> {
        self.set(self.session_name(), "", Some(0))
    }

    /// The name of the cookie that binds a sign-in to its browser.
    pub(crate) fn sign_in_name(self) -> &'static str {
        if self.secure { "__Host-yinuo_sign_in" } else { "yinuo_sign_in" }
    }

    /// Binds a sign-in under way to this browser. `Lax`, because the identity provider sends people back from its site.
    pub(crate) fn begin_sign_in(self, text: &str) -> Option<HeaderValue> {
        self.set(self.sign_in_name(), text, Some(SIGN_IN_AGE_S))
    }

    /// The name of the cookie of the trips to the identity provider that are under way.
    pub(crate) fn trips_name(self) -> &'static str {
        if self.secure { "__Host-yinuo_trips" } else { "yinuo_trips" }
    }

    /// Keeps a trip, and the last ones before it while there is room: browsers drop a cookie that is too long, and servers
    /// a request with too many.
    pub(crate) fn keep_trips(self, new: &str, before: &[&str]) -> Option<HeaderValue> {
        let mut kept = new.to_owned();
        for earlier in before.iter().take(TRIPS_MAX.saturating_sub(1)) {
            if kept.len().saturating_add(earlier.len()) < TRIPS_LEN_MAX {
                kept.extend([TRIPS_BETWEEN, earlier]);
            }
        }
        self.set(self.trips_name(), &kept, Some(SIGN_IN_AGE_S))
    }

    /// The name of the cookie of staff between the two factors.
    pub(crate) fn staff_pending_name(self) -> &'static str {
        if self.secure { "__Host-yinuo_staff_pending" } else { "yinuo_staff_pending" }
    }

    /// The first factor was shown. `Lax`, because the identity provider sends staff back from its site.
    pub(crate) fn begin_staff_pending(self, text: &str) -> Option<HeaderValue> {
        self.put(self.staff_pending_name(), text, "Lax", Some(STAFF_PENDING_AGE_S))
    }

    /// Both were.
    pub(crate) fn end_staff_pending(self) -> Option<HeaderValue> {
        self.put(self.staff_pending_name(), "", "Lax", Some(0))
    }

    /// The name of the cookie of a session of staff.
    pub(crate) fn staff_session_name(self) -> &'static str {
        if self.secure { "__Host-yinuo_staff" } else { "yinuo_staff" }
    }

    /// Begins a session of staff, or lets it go on. `Strict`: nobody comes to the console from elsewhere. Of every path,
    /// because only then a name can say that no other host set it; a path is no wall anyway (RFC 6265 §8.6).
    pub(crate) fn begin_staff_session(self, text: &str) -> Option<HeaderValue> {
        self.put(self.staff_session_name(), text, "Strict", None)
    }

    /// Forgets it.
    pub(crate) fn end_staff_session(self) -> Option<HeaderValue> {
        self.put(self.staff_session_name(), "", "Strict", Some(0))
    }

    /// Keeps the chosen language.
    pub(crate) fn keep_lang(self, code: &str) -> Option<HeaderValue> {
        self.set(LANG, code, Some(LANG_AGE_S))
    }

    fn set(self, name: &str, value: &str, age_s: Option<u32>) -> Option<HeaderValue> {
        self.put(name, value, "Lax", age_s)
    }

    fn put(self, name: &str, value: &str, site: &str, age_s: Option<u32>) -> Option<HeaderValue> {
        let age = age_s.map_or_else(String::new, |age_s| format!("; Max-Age={age_s}"));
        let secure = if self.secure { "; Secure" } else { "" };
        let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite={site}{age}{secure}");
        let mut header = HeaderValue::from_str(&cookie).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

/// The trips in the text of their cookie, the newest first.
pub(crate) fn trips(text: &str) -> Vec<&str> {
    text.split(TRIPS_BETWEEN).filter(|trip| !trip.is_empty()).take(TRIPS_MAX).collect()
}

/// The value of a cookie (RFC 6265 §5.4). A name that comes twice is nobody's: which one was set by us is unknown.
pub(crate) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut found = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(given, _)| *given == name)
        .map(|(_, value)| value);
    let value = found.next()?;
    found.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_cookie_is_out_of_reach_of_scripts_and_other_sites() {
        let http = Jar::of_issuer("http://127.0.0.1:8080");
        assert_eq!(http.begin_session("abc").unwrap(), "yinuo_session=abc; Path=/; HttpOnly; SameSite=Lax");
        let https = Jar::of_issuer("https://yinuo.example");
        assert_eq!(
            https.begin_session("abc").unwrap(),
            "__Host-yinuo_session=abc; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            https.end_session().unwrap(),
            "__Host-yinuo_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Secure"
        );
        assert_eq!(
            https.begin_staff_session("abc").unwrap(),
            "__Host-yinuo_staff=abc; Path=/; HttpOnly; SameSite=Strict; Secure"
        );
        assert!(https.begin_session("abc").unwrap().is_sensitive());
        assert_eq!(https.begin_session("a\nb"), None);
    }

    #[test]
    fn the_newest_trips_are_kept_and_the_cookie_stays_short() {
        let http = Jar::of_issuer("http://127.0.0.1:8080");
        let kept = |new: &str, before: &[&str]| {
            let header = http.keep_trips(new, before).unwrap().to_str().unwrap().to_owned();
            let text = header.strip_prefix("yinuo_trips=").unwrap().split(';').next().unwrap().to_owned();
            trips(&text).iter().map(|trip| (*trip).to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(kept("e", &[]), ["e"]);
        assert_eq!(kept("e", &["d", "c", "b", "a"]), ["e", "d", "c", "b"]);
        let long = "x".repeat(3_000);
        assert_eq!(kept(&long, &[&long, "b"]), [long.as_str(), "b"]);
        assert_eq!(trips(""), Vec::<&str>::new());
    }

    #[test]
    fn a_cookie_is_read_by_its_exact_name_and_only_when_it_comes_once() {
        let cases = [
            ("yinuo_session=a", Some("a")),
            ("x=1; yinuo_session=a; y=2", Some("a")),
            ("yinuo_session=a=b", Some("a=b")),
            ("xyinuo_session=a", None),
            ("Yinuo_session=a", None),
            ("yinuo_session=a; yinuo_session=b", None),
            ("", None),
        ];
        for (line, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.append(header::COOKIE, HeaderValue::from_static(line));
            assert_eq!(read(&headers, "yinuo_session"), expected, "{line}");
        }
    }
}
