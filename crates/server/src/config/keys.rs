//! Every setting: its meaning, its default, its limits. The one place to add one.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use toml::Value;
use yinuo_domain::{Profile, Suite};

use super::setting::{Issuer, LogForm, Setting, of_variable};

/// A section of the file.
pub(crate) struct Section {
    pub(crate) name: &'static str,
    /// What it is about.
    pub(crate) docs: &'static [&'static str],
    pub(crate) keys: &'static [Key],
}

/// One setting.
pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// Its meaning.
    pub(crate) docs: &'static [&'static str],
    /// What to write there.
    pub(crate) kind: &'static str,
    /// Least, greatest, and in what.
    pub(crate) limits: Option<(u64, u64, &'static str)>,
    /// Sets it from a value of the file.
    pub(crate) read: fn(&mut Config, &Value) -> Result<(), String>,
    /// Sets it from a variable of the environment.
    pub(crate) read_variable: fn(&mut Config, &str) -> Result<(), String>,
    /// Its value now.
    pub(crate) written: fn(&Config) -> Option<Value>,
}

macro_rules! settings {
    ($(
        $(#[doc = $section_doc:literal])*
        $section:ident: $Section:ident {
            $(
                $(#[doc = $doc:literal])*
                $key:ident: $type:ty = $default:expr $(; $min:literal ..= $max:literal $unit:literal)?,
            )*
        }
    )*) => {
        /// All settings.
        #[derive(Clone, Debug, Default)]
        pub(crate) struct Config {
            $($(#[doc = $section_doc])* pub(crate) $section: $Section,)*
        }
        $(
            $(#[doc = $section_doc])*
            #[derive(Clone, Debug)]
            pub(crate) struct $Section {
                $($(#[doc = $doc])* pub(crate) $key: $type,)*
            }

            impl Default for $Section {
                fn default() -> Self {
                    Self { $($key: $default,)* }
                }
            }
        )*
        /// The file, section by section.
        pub(crate) const SECTIONS: &[Section] = &[$(
            Section {
                name: stringify!($section),
                docs: &[$($section_doc),*],
                keys: &[$(
                    {
                        const LIMITS: Option<(u64, u64, &str)> = limits!($($min $max $unit)?);
                        Key {
                            name: stringify!($key),
                            docs: &[$($doc),*],
                            kind: <$type as Setting>::KIND,
                            limits: LIMITS,
                            read: |config, value| {
                                config.$section.$key = within(<$type as Setting>::read(value)?, LIMITS)?;
                                Ok(())
                            },
                            read_variable: |config, text| {
                                config.$section.$key = within(of_variable::<$type>(text)?, LIMITS)?;
                                Ok(())
                            },
                            written: |config| config.$section.$key.written(),
                        }
                    }
                ),*],
            }
        ),*];
    };
}

macro_rules! limits {
    () => {
        None
    };
    ($min:literal $max:literal $unit:literal) => {
        Some(($min, $max, $unit))
    };
}

fn within<T: Setting>(setting: T, limits: Option<(u64, u64, &str)>) -> Result<T, String> {
    let Some((min, max, unit)) = limits else { return Ok(setting) };
    match setting.numbers().into_iter().find(|number| !(min..=max).contains(number)) {
        None => Ok(setting),
        Some(number) => Err(format!("{number} is not between {min} and {max} {unit}")),
    }
}

impl Section {
    /// The path of a key of this section.
    pub(crate) fn path(&self, key: &Key) -> String {
        format!("{}.{}", self.name, key.name)
    }

    /// The variable of the environment that overrides a key of this section.
    pub(crate) fn variable(&self, key: &Key) -> String {
        format!("YINUO_{}_{}", self.name, key.name).to_uppercase()
    }
}

settings! {
    /// Who the platform is, and where everything is kept.
    server: Server {
        /// The address people and partners know the platform by; it must be given. It is in every link, token and log
        /// of the platform and can never change. It has no path.
        issuer: Option<Issuer> = None,
        /// The data directory: values, log and keys. It has one owner at a time.
        data: PathBuf = PathBuf::from("yinuo-data"),
        /// A file with the passphrase over the keys, readable by nobody else. Unset: the variable YINUO_PASSPHRASE, or
        /// it is asked for on the terminal.
        passphrase_file: Option<PathBuf> = None,
        /// A file on another disk than the data, in which the last signed heads are kept: whoever puts an older copy of
        /// the data directory in its place is found out at the next start. Unset: a file in the data directory, which
        /// notices only a database that was cut or exchanged.
        anchor_file: Option<PathBuf> = None,
    }
    /// Where pages and interfaces are served, and the limits of connections.
    listen: Listen {
        /// The address to listen on. Port 0 takes a free one.
        address: SocketAddr = SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
        /// How many connections are served at once; more wait to be accepted.
        connections_max: u64 = 1_024; 1..=100_000 "connections",
        /// How long a connection may take to send the head of a request, and may stay idle between two.
        head_timeout_s: u64 = 15; 1..=300 "seconds",
        /// How long a request may take to send its body, all in all.
        body_timeout_s: u64 = 30; 1..=300 "seconds",
        /// How long whoever is being answered is waited for when the server is asked to end.
        leave_timeout_s: u64 = 5; 0..=300 "seconds",
    }
    /// TLS 1.2 and 1.3. Unset: plain HTTP, for a proxy on the same machine that ends TLS.
    tls: Tls {
        /// The certificate and those that lead to its authority, as PEM. Read again without a restart when the file
        /// changes, and on SIGHUP; a file that cannot be used leaves the old certificate in place.
        certificate_file: Option<PathBuf> = None,
        /// Its private key, as PEM.
        key_file: Option<PathBuf> = None,
    }
    /// How values are sealed.
    vault: Vault {
        /// The algorithms that seal values: SM2, SM3 and SM4, or their international counterparts. Fixed when the
        /// data directory is made.
        suite: Suite = Suite::Guomi,
    }
    /// How the log proves itself.
    log: Log {
        /// The trees and signatures of the log: SHA-256 with Ed25519, SM3 with SM2, or both. Fixed when the data
        /// directory is made.
        profile: Profile = Profile::Dual,
    }
    /// How long consents last.
    consent: Consent {
        /// What is proposed to a person. It must be one of those offered.
        days_default: u64 = 365; 1..=1_095 "days",
        /// What a person can choose from, longest first.
        days_offered: Vec<u64> = vec![365, 180, 30, 1]; 1..=1_095 "days",
    }
    /// What staff see.
    staff: Staff {
        /// Counts of people from 1 up to but without this are shown as *fewer*, because they could point at somebody.
        small_count: u64 = 5; 3..=1_000 "people",
    }
    /// How much may wait and how long a permission to release lasts.
    limits: Limits {
        /// How many commands may wait to be decided; more are answered 503 with Retry-After.
        queue_max: u64 = 4_096; 16..=1_000_000 "commands",
        /// How many commands of the apps of one partner may wait. Partners take turns, so that none delays another.
        partner_queue_max: u64 = 1_024; 16..=1_000_000 "commands",
        /// How many disclosures are worked on at the same time. The others wait before anything is done for them, and
        /// partners take turns there as well; `queue_max` may wait.
        working_max: u64 = 64; 1..=65_536 "disclosures",
        /// How many withdrawals, deletions and sanctions may wait, in a lane of their own.
        urgent_queue_max: u64 = 1_024; 16..=1_000_000 "commands",
        /// How much room on the disk is kept for withdrawals, deletions and sanctions. When there is less, nothing else is
        /// recorded or released; 0 keeps none.
        reserve_mib: u64 = 256; 0..=1_048_576 "MiB",
        /// How many commands one commit takes at most.
        batch_max: u64 = 256; 1..=4_096 "commands",
        /// How many people's streams are kept in memory.
        streams_cached_max: u64 = 65_536; 1_024..=10_000_000 "streams",
        /// How long one batch may take to be on disk. A disk that takes longer counts as hanging: nothing more is
        /// recorded or released until a restart.
        overdue_ms: u64 = 10_000; 1_000..=300_000 "milliseconds",
        /// How long after its commit a release may still leave.
        permit_ms: u64 = 1_000; 50..=10_000 "milliseconds",
    }
    /// When the clock is not believed. Releases then stop until `yinuo clock accept`; withdrawals, deletions and sanctions
    /// go on. The bounds are our own choice.
    clock: Clock {
        /// How far it may step forward, against the time this process has been running. A machine that slept has
        /// stepped forward.
        jump_max_s: u64 = 300; 1..=31_536_000 "seconds",
        /// How far it may step back, or stand behind the last fact.
        behind_max_s: u64 = 60; 1..=86_400 "seconds",
        /// How far it may stand after the last fact at the start: how long the platform may be switched off.
        gap_max_days: u64 = 30; 1..=36_500 "days",
    }
    /// What the program tells of itself. Never a value of a person.
    telemetry: Telemetry {
        /// The form of log lines on standard error.
        log: LogForm = LogForm::Text,
        /// What is logged: `error`, `warn`, `info`, `debug`, `trace`, or directives such as `warn,yinuo_web=info`,
        /// which logs each request. The variable YINUO_LOG overrides it.
        level: String = "warn".to_owned(),
        /// Where Prometheus finds metrics, at `/metrics`; never the address of the pages. Unset: nowhere. Usual:
        /// "127.0.0.1:9464".
        metrics_address: Option<SocketAddr> = None,
        /// The OpenTelemetry collector that gets a trace of each request, such as "http://127.0.0.1:4318". Only a
        /// program that was built with the feature `otel` can do so. Unset: none.
        otlp_collector: Option<String> = None,
    }
    /// Who outside watches the logs, and cosigns their heads. Unset: nobody.
    witnesses: Witnesses {
        /// A directory of policies (C2SP tlog-policy), in files that end with `.policy`: each names one of the logs by its
        /// key in `log.vkeys`, the witnesses with the addresses where heads are submitted to them, and how many of
        /// them make a quorum.
        policies: Option<PathBuf> = None,
        /// How often each head is submitted.
        every_s: u64 = 60; 1..=86_400 "seconds",
        /// How old the latest head that a quorum cosigned may become before an alarm is raised.
        late_after_s: u64 = 600; 1..=2_592_000 "seconds",
    }
    /// The platform's own OpenID Connect provider. Unset: people cannot sign in.
    sign_in: SignIn {
        /// The issuer of the provider; its configuration is found below it.
        issuer: Option<Issuer> = None,
        /// Our name at the provider.
        client_id: Option<String> = None,
        /// A file with our secret at the provider, readable by nobody else.
        client_secret_file: Option<PathBuf> = None,
        /// What we ask the provider for; `openid` is among it.
        scopes: Vec<String> = vec!["openid".to_owned()],
        /// The claim of the ID token that holds the platform's own id of a person.
        person_claim: String = "sub".to_owned(),
        /// By how much the provider's clock may differ from ours.
        clock_skew_s: u64 = 60; 0..=300 "seconds",
        /// Whether people prove who they are for each consent anew, although they are signed in.
        reauthenticate_for_consent: bool = false,
        /// Certificates to trust besides those of this machine, as PEM, for a provider with an authority of its own.
        ca_file: Option<PathBuf> = None,
    }
}
