//! Times and durations as a reader says them.
//!
//! The pages speak of Beijing time, which has been UTC+8 without summer time since 1992; each page says so.

use fluent_bundle::FluentValue;
use jiff::tz::{Offset, offset};
use yinuo_domain::{Frequency, Timestamp};

use crate::words::Words;

const BEIJING: Offset = offset(8);

/// A point in time: what people read, and what `<time datetime>` says to programs.
pub(crate) struct Moment {
    pub(crate) shown: String,
    pub(crate) machine: String,
}

impl Moment {
    /// The date alone, as tables show it.
    pub(crate) fn date(words: &Words, at: Timestamp) -> String {
        let machine = Self::of(words, at).machine;
        machine.split('T').next().unwrap_or_default().to_owned()
    }

    pub(crate) fn of(words: &Words, at: Timestamp) -> Self {
        // Beyond the year 9999 there is nothing to show; such a time cannot come from a clock.
        let instant = i64::try_from(at.0).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
        let local = BEIJING.to_datetime(instant.unwrap_or(jiff::Timestamp::MAX));
        let (year, month, day) = (local.year(), local.month(), local.day());
        let time = format!("{:02}:{:02}", local.hour(), local.minute());
        Self {
            shown: words.tell(
                "moment",
                &[
                    // As text: a year is not counted.
                    ("year", FluentValue::from(year.to_string())),
                    ("month", FluentValue::from(month)),
                    ("day", FluentValue::from(day.to_string())),
                    ("time", FluentValue::from(time.as_str())),
                ],
            ),
            machine: format!("{year:04}-{month:02}-{day:02}T{time}:{:02}+08:00", local.second()),
        }
    }
}

/// A day in Beijing, as a form sends it: when it begins, and when the next one does. None when it is no date.
pub(crate) fn day(text: &str) -> Option<(Timestamp, Timestamp)> {
    let date: jiff::civil::Date = text.parse().ok().filter(|_| text.len() == "2026-03-02".len())?;
    let begins = |date: jiff::civil::Date| {
        let instant = BEIJING.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
        // Nothing was recorded before 1970.
        Some(Timestamp(u64::try_from(instant.as_millisecond()).unwrap_or(0)))
    };
    Some((begins(date)?, begins(date.tomorrow().ok()?)?))
}

/// `at most 5 times in 1 day`.
pub(crate) fn frequency(words: &Words, frequency: Frequency) -> String {
    let units = [("frequency-days", 86_400), ("frequency-hours", 3_600), ("frequency-minutes", 60)];
    let whole = units
        .into_iter()
        .find(|(_, seconds)| 0 < frequency.period_s && frequency.period_s.is_multiple_of(*seconds));
    let (id, seconds) = whole.unwrap_or(("frequency-seconds", 1));
    words.tell(
        id,
        &[
            ("count", FluentValue::from(frequency.count)),
            ("period", FluentValue::from(frequency.period_s / seconds)),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Lang;

    #[test]
    fn a_moment_is_told_in_beijing_time() {
        #[rustfmt::skip]
        let cases = [
            (0,                 "1970年1月1日 08:00",   "1 January 1970, 08:00",   "1970-01-01T08:00:00+08:00"),
            (1_772_380_799_999, "2026年3月1日 23:59",   "1 March 2026, 23:59",     "2026-03-01T23:59:59+08:00"),
            (1_772_380_800_000, "2026年3月2日 00:00",   "2 March 2026, 00:00",     "2026-03-02T00:00:00+08:00"),
        ];
        for (ms, zh, en, machine) in cases {
            let told = |lang: Lang| Moment::of(lang.words(), Timestamp(ms));
            assert_eq!(told(Lang::Zh).shown, zh);
            assert_eq!(told(Lang::En).shown, en);
            assert_eq!(told(Lang::En).machine, machine);
        }
    }

    #[test]
    fn a_day_is_a_day_of_beijing() {
        let day = |text| day(text).map(|(begins, ends)| (begins.0, ends.0));
        assert_eq!(day("2026-03-02"), Some((1_772_380_800_000, 1_772_467_200_000)));
        assert_eq!(day("1969-01-01"), Some((0, 0)));
        for not_one in
            ["", "2026-3-2", "2026-02-30", "20260302", "2026-03-02T00:00", "yesterday", "9999-12-31"]
        {
            assert_eq!(day(not_one), None, "{not_one}");
        }
    }

    #[test]
    fn no_time_is_too_far_away_to_be_shown() {
        assert!(Moment::of(Lang::En.words(), Timestamp(u64::MAX)).shown.contains("9999"));
    }

    #[test]
    fn a_frequency_is_told_in_its_greatest_whole_unit() {
        #[rustfmt::skip]
        let cases = [
            (1,  86_400,  "每天至多 1 次",        "at most once a day"),
            (20, 86_400,  "每天至多 20 次",       "at most 20 times a day"),
            (2,  604_800, "每 7 天至多 2 次",     "at most 2 times in 7 days"),
            (3,  3_600,   "每小时至多 3 次",      "at most 3 times an hour"),
            (1,  7_200,   "每 2 小时至多 1 次",   "at most once in 2 hours"),
            (5,  60,      "每分钟至多 5 次",      "at most 5 times a minute"),
            (5,  90,      "每 90 秒至多 5 次",    "at most 5 times in 90 seconds"),
        ];
        for (count, period_s, zh, en) in cases {
            let asked = Frequency { count, period_s };
            assert_eq!(frequency(Lang::Zh.words(), asked), zh);
            assert_eq!(frequency(Lang::En.words(), asked), en);
        }
    }
}
