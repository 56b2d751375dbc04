//! Days and times. What has no offset is meant in China (UTC+8).

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use yinuo_domain::Timestamp;

use super::{FormatFault, all_digits, part};

/// All of China has one time.
const CHINA: Offset = Offset::constant(8);

/// Today, in China. A time beyond what a calendar has is a day that nothing is after.
fn today(now: Timestamp) -> Date {
    let at = i64::try_from(now.0).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    at.map_or(Date::MAX, |at| CHINA.to_datetime(at).date())
}

/// A time as RFC 3339 has it, in China's time.
pub fn moment(at: Timestamp) -> String {
    let at = i64::try_from(at.0).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    at.unwrap_or_default().to_zoned(TimeZone::fixed(CHINA)).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
}

/// `2001-02-03`, `2001/2/3`, `20010203` or `2001年2月3日`.
fn day(value: &str) -> Result<Date, FormatFault> {
    let plain = value.replace(['/', '.', '年', '月'], "-").replace('日', "");
    let parts: Vec<&str> = if plain.len() == 8 && all_digits(&plain) {
        [part(&plain, 0, 4), part(&plain, 4, 6), part(&plain, 6, 8)].into_iter().flatten().collect()
    } else {
        plain.split('-').map(str::trim).collect()
    };
    let [year, month, day] = parts.as_slice() else { return Err(FormatFault::NoSuchDay) };
    let short = |digits: &str, len| all_digits(digits) && digits.len() <= len;
    if year.len() != 4 || !short(year, 4) || !short(month, 2) || !short(day, 2) {
        return Err(FormatFault::NoSuchDay);
    }
    let (year, month, day) = (year.parse(), month.parse(), day.parse());
    let (Ok(year), Ok(month), Ok(day)) = (year, month, day) else { return Err(FormatFault::NoSuchDay) };
    Date::new(year, month, day).map_err(|_| FormatFault::NoSuchDay)
}

pub(super) fn date(value: &str) -> Result<String, FormatFault> {
    day(value).map(|day| day.to_string())
}

pub(super) fn birth_date(value: &str, now: Timestamp) -> Result<String, FormatFault> {
    birth_of(value, now).map(|day| day.to_string())
}

/// A day on which somebody may have been born: since 1900, and not after today.
pub(super) fn birth_of(value: &str, now: Timestamp) -> Result<Date, FormatFault> {
    let born = day(value)?;
    if born.year() < 1900 {
        return Err(FormatFault::TooEarly);
    }
    if today(now) < born { Err(FormatFault::Future) } else { Ok(born) }
}

/// RFC 3339, or the same without an offset and with a space for the `T`. Kept in China's time.
pub(super) fn date_time(value: &str) -> Result<String, FormatFault> {
    let plain = value.replace('/', "-");
    let at = match plain.parse::<jiff::Timestamp>() {
        Ok(at) => at,
        Err(_) => {
            let civil: jiff::civil::DateTime = plain.parse().map_err(|_| FormatFault::NoSuchTime)?;
            CHINA.to_timestamp(civil).map_err(|_| FormatFault::NoSuchTime)?
        }
    };
    let zoned = at.to_zoned(TimeZone::fixed(CHINA));
    if !(1..=9999).contains(&zoned.year()) {
        return Err(FormatFault::NoSuchTime);
    }
    Ok(zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
}
