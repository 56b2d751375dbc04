//! The word that was probably meant.

/// The candidate nearest to `word`, when it is near enough to be a slip.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase().replace('-', "_");
    candidates
        .into_iter()
        .map(|candidate| {
            let plain = candidate.to_lowercase().replace('-', "_");
            (strsim::damerau_levenshtein(&word, &plain), candidate)
        })
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let words = ["retention_days", "frequency", "item"];
        assert_eq!(nearest("retention-days", words), Some("retention_days"));
        assert_eq!(nearest("retention_day", words), Some("retention_days"));
        assert_eq!(nearest("Items", words), Some("item"));
        assert_eq!(nearest("colour", words), None);
    }
}
