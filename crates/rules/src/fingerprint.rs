//! What a consent binds: a hash over what a declaration does to a person.
//!
//! Only a change of what happens to the person's information changes it: who receives what, why, on which ground,
//! by which method, for how long, how often and where. A name, a title, a reason, a redirect URI or a key may be
//! corrected without asking anybody again. The order of purposes and of lines does not matter.
//!
//! The bytes, integers big-endian, `text` = length in bytes as u32, then UTF-8:
//!
//! ```text
//! "yinuo-fingerprint/1" 0x0A
//! text(partner) text(app)
//! u32 number of purposes, then each, sorted by its bytes:
//!     u16 code, text(kind), text(basis), text(method in Chinese), text(method in English)
//! u32 number of lines, then each, sorted by its bytes:
//!     u16 purpose, u8 item, u8 necessary (0 or 1), u32 retention_days, u32 frequency count, u32 frequency period_s,
//!     text(destination)
//! ```
//!
//! Words for kind, basis and destination are those of the declaration document.

use yinuo_domain::{Declaration, Digest, Suite};

use crate::{content_hash, words};

/// The hash of [`fingerprint_bytes`].
pub fn fingerprint(suite: Suite, declaration: &Declaration) -> Digest {
    content_hash(suite, &fingerprint_bytes(declaration))
}

/// The bytes the fingerprint is taken over.
pub fn fingerprint_bytes(declaration: &Declaration) -> Vec<u8> {
    let mut out = b"yinuo-fingerprint/1\n".to_vec();
    text(&mut out, declaration.partner.as_str());
    text(&mut out, declaration.app.as_str());
    sorted(&mut out, &declaration.purposes, |out, purpose| {
        out.extend(purpose.code.0.to_be_bytes());
        text(out, words::kind_word(purpose.kind));
        text(out, words::basis_word(purpose.basis));
        text(out, &purpose.method.zh);
        text(out, &purpose.method.en);
    });
    sorted(&mut out, &declaration.items, |out, line| {
        out.extend(line.purpose.0.to_be_bytes());
        out.extend([line.item.0, u8::from(line.necessary)]);
        out.extend(line.retention_days.to_be_bytes());
        out.extend(line.frequency.count.to_be_bytes());
        out.extend(line.frequency.period_s.to_be_bytes());
        text(out, words::destination_word(line.destination));
    });
    out
}

fn text(out: &mut Vec<u8>, value: &str) {
    count(out, value.len());
    out.extend(value.as_bytes());
}

/// A length. Documents are far smaller than 4 GiB; one that is not still ends, and still differs from every other
/// by what follows.
fn count(out: &mut Vec<u8>, len: usize) {
    out.extend(u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes());
}

fn sorted<T>(out: &mut Vec<u8>, values: &[T], write: impl Fn(&mut Vec<u8>, &T)) {
    let mut encoded: Vec<Vec<u8>> = values
        .iter()
        .map(|value| {
            let mut bytes = Vec::new();
            write(&mut bytes, value);
            bytes
        })
        .collect();
    encoded.sort_unstable();
    count(out, encoded.len());
    encoded.iter().for_each(|bytes| out.extend(bytes));
}

#[cfg(test)]
mod tests;
