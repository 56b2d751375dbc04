//! Phone numbers. Those of mainland China are kept as they are dialled there, without `+86`: so partners show and
//! dial them. Others are kept as `+` and digits (ITU-T E.164).

use super::{FormatFault, all_digits};

/// What people put between digits.
const BETWEEN: &[char] = &[' ', '-', '.', '(', ')', '\u{2011}', '\u{2013}'];

/// Digits, with whether they began with `+` or `00`.
fn dialled(value: &str, fault: FormatFault) -> Result<(bool, String), FormatFault> {
    let plain = super::without(value, BETWEEN);
    let (abroad, digits) = match plain.strip_prefix('+').or_else(|| plain.strip_prefix("00")) {
        Some(rest) => (true, rest.to_owned()),
        None => (false, plain),
    };
    if all_digits(&digits) { Ok((abroad, digits)) } else { Err(fault) }
}

fn is_mobile(national: &str) -> bool {
    national.len() == 11 && matches!(national.as_bytes(), [b'1', b'3'..=b'9', ..])
}

/// The national number, whether or not it was dialled from abroad.
fn national(abroad: bool, digits: &str) -> Option<&str> {
    match abroad {
        false => Some(digits),
        true => digits.strip_prefix("86"),
    }
}

pub(super) fn mobile_cn(value: &str) -> Result<String, FormatFault> {
    let (abroad, digits) = dialled(value, FormatFault::NotMobile)?;
    let national = national(abroad, &digits).ok_or(FormatFault::NotMobile)?;
    // `86` without `+` is common in exports.
    let bare = national.strip_prefix("86").filter(|rest| is_mobile(rest)).unwrap_or(national);
    if is_mobile(bare) { Ok(bare.to_owned()) } else { Err(FormatFault::NotMobile) }
}

pub(super) fn phone(value: &str) -> Result<String, FormatFault> {
    if let Ok(mobile) = mobile_cn(value) {
        return Ok(mobile);
    }
    let (abroad, digits) = dialled(value, FormatFault::NotPhone)?;
    match national(abroad, &digits) {
        Some(national) => {
            // From abroad the area's zero is left out.
            let dialled = if abroad && !national.starts_with(['0', '4', '8']) {
                format!("0{national}")
            } else {
                national.to_owned()
            };
            let line =
                dialled.starts_with('0') && (10..=12).contains(&dialled.len()) && !dialled.starts_with("00");
            let service = dialled.len() == 10 && (dialled.starts_with("400") || dialled.starts_with("800"));
            if line || service { Ok(dialled) } else { Err(FormatFault::NotPhone) }
        }
        // E.164 §6: at most 15 digits, none a zero at the beginning.
        None if (7..=15).contains(&digits.len()) && !digits.starts_with('0') => Ok(format!("+{digits}")),
        None => Err(FormatFault::NotPhone),
    }
}
