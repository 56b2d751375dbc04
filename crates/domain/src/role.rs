//! What a member of staff may do.

/// What a member of staff may do. Nobody has more than one role, and no role sees a person's values.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum Role {
    /// Runs the platform: suspends and reinstates partners, hides and shows apps.
    Operator = 1,
    /// Sees counts and governance facts, and changes nothing.
    Auditor = 2,
}

impl Role {
    /// Every one, in the order of its number.
    pub const EVERY: &'static [Self] = &[Self::Operator, Self::Auditor];

    /// The word for it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Auditor => "auditor",
        }
    }

    /// The role of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::EVERY.iter().copied().find(|role| role.code() == word)
    }

    /// The role of this number in a leaf; nothing for one this version does not know.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::EVERY.iter().copied().find(|role| *role as u8 == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers_come_back() {
        for role in Role::EVERY {
            assert_eq!(Role::from_word(role.code()), Some(*role));
            assert_eq!(Role::from_number(*role as u8), Some(*role));
        }
        assert_eq!((Role::from_word("Operator"), Role::from_number(0)), (None, None));
    }
}
