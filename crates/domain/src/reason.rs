//! Why something was refused: one enum, one stable code each.

macro_rules! reasons {
    ($(#[$doc:meta])* $name:ident: $number:ty { $($(#[$vdoc:meta])* $variant:ident = $n:literal $code:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[repr(u8)]
        pub enum $name { $($(#[$vdoc])* $variant = $n,)* }

        impl $name {
            /// Every one, in the order of its number.
            pub const EVERY: &'static [Self] = &[$(Self::$variant,)*];

            /// The one word that logs, metrics, problems, cases and pages share.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The number in a leaf. Never reused.
            pub fn number(self) -> $number {
                self as $number
            }

            /// The number in a leaf back; nothing for one this version does not know.
            pub fn from_number(number: $number) -> Option<Self> {
                Self::EVERY.iter().copied().find(|reason| reason.number() == number)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.code())
            }
        }
    };
}

reasons! {
    /// Why one item was withheld from a partner.
    Reason: u8 {
        /// The person never allowed this item for this purpose.
        NotGranted = 1 "not-granted",
        /// The person took the consent back.
        Withdrawn = 2 "withdrawn",
        /// The consent has run out.
        Expired = 3 "expired",
        /// The declaration changed since the person agreed: they must be asked again.
        Paused = 4 "consent-outdated",
        /// The app does not declare this item for this purpose.
        NotDeclared = 5 "not-declared",
        /// The partner may not receive this item at all.
        OverCeiling = 6 "over-ceiling",
        /// The person has stored no such value.
        NoValue = 7 "no-value",
        /// Asked for more often than declared.
        FrequencyExceeded = 8 "frequency-exceeded",
        /// The partner is suspended.
        PartnerSuspended = 9 "partner-suspended",
        /// The partner is terminated.
        PartnerTerminated = 10 "partner-terminated",
        /// The app is hidden.
        AppHidden = 11 "app-hidden",
        /// A guardian must agree and has not.
        GuardianRequired = 12 "guardian-required",
        /// This item alone would have been released; another one was refused.
        OtherItemRefused = 13 "other-item-refused",
        /// The information would leave mainland China, for which nothing is set up.
        DestinationNotAllowed = 14 "destination-not-allowed",
        /// The account is gone. Never told to a partner as such.
        AccountDeleted = 15 "account-deleted",
        /// A repeated request gets again what its first answer released, and no more.
        NotInFirstAnswer = 16 "not-in-first-answer",
    }
}

reasons! {
    /// Why a command changed nothing.
    Refusal: u8 {
        /// No engine is active: nothing can be decided.
        NoEngine = 1 "no-engine",
        /// The engine names a decision version or rules this program does not have.
        UnknownEngine = 2 "unknown-engine",
        /// No such partner.
        UnknownPartner = 3 "unknown-partner",
        /// No such app.
        UnknownApp = 4 "unknown-app",
        /// There is one with this id already.
        AlreadyExists = 5 "already-exists",
        /// The partner's status does not allow it.
        PartnerStatus = 6 "partner-status",
        /// The app's status does not allow it.
        AppStatus = 7 "app-status",
        /// The document cannot be read, or does not say what the command says.
        Document = 8 "document",
        /// An item is called necessary that the category does not allow as necessary.
        NotNecessary = 9 "not-necessary",
        /// The app declares an item its partner may never receive.
        OverCeiling = 10 "over-ceiling",
        /// A sensitive item without its reason, or a look behind a mask without one.
        ReasonMissing = 11 "reason-missing",
        /// A notice's version does not follow the last one.
        NoticeVersion = 12 "notice-version",
        /// No notice is published for the app.
        NoNotice = 13 "no-notice",
        /// The person is not enrolled.
        NotEnrolled = 14 "not-enrolled",
        /// The account is gone.
        AccountDeleted = 15 "account-deleted",
        /// What was shown is no longer what is declared: show the page again.
        Outdated = 16 "outdated",
        /// Something was chosen that was not shown, or shown that is not declared.
        NotShown = 17 "not-shown",
        /// Nothing was chosen, and there is no consent that this could narrow.
        NothingChosen = 18 "nothing-chosen",
        /// The time at which the consent ends has passed or is too far away.
        ExpiryInvalid = 19 "expiry-invalid",
        /// A guardian must agree and has not.
        GuardianRequired = 20 "guardian-required",
        /// There is no consent to act on.
        NoGrant = 21 "no-grant",
        /// The consent is withdrawn already.
        AlreadyWithdrawn = 22 "already-withdrawn",
        /// None of these items is allowed.
        NothingToWithdraw = 23 "nothing-to-withdraw",
        /// The idempotency key was used with another request.
        IdempotencyConflict = 24 "idempotency-conflict",
        /// The purpose is not one the app declares.
        UnknownPurpose = 25 "unknown-purpose",
        /// Nothing was asked for.
        NothingAsked = 26 "nothing-asked",
        /// State that the decision needs was not loaded. A defect of the caller; refused all the same.
        NotLoaded = 27 "not-loaded",
        /// Nobody is told where this information goes: it would leave mainland China.
        DestinationNotAllowed = 28 "destination-not-allowed",
        /// No such item in the catalogue.
        UnknownItem = 29 "unknown-item",
        /// Nobody of this name is appointed.
        UnknownStaff = 30 "unknown-staff",
        /// They are the last operator, and would leave the platform without one by their own hand.
        LastOperator = 31 "last-operator",
        /// People agreed to this recipient: under another name it would be another one.
        RecipientChanged = 32 "recipient-changed",
        /// The clock agrees with the time that has run: there is nothing to accept.
        ClockAgrees = 40 "clock-agrees",
        /// The epoch of keys does not follow the last one, is the one in use, or was retired already.
        KeyEpoch = 35 "key-epoch",
    }
}

reasons! {
    /// Why somebody of the platform looked at a person's values.
    ViewReason: u8 {
        /// To see whether they are the one who is meant. Never enough to see more than a mask leaves.
        LookUp = 1 "look-up",
        /// To help the person, who asked for it.
        Support = 2 "support",
        /// To answer a complaint.
        Complaint = 3 "complaint",
        /// To put something right.
        Correction = 4 "correction",
        /// To handle a security incident.
        Incident = 5 "incident",
        /// To fulfil a duty of law.
        LegalDuty = 6 "legal-duty",
        /// To hand the person a copy of what there is about them (PIPL 45).
        Export = 7 "export",
    }
}

reasons! {
    /// What an operator found when the clock had jumped.
    ClockReason: u8 {
        /// The clock had been wrong, and was set right.
        SetRight = 1 "set-right",
        /// The machine slept, or was moved or restored; the clock was right all the time.
        Paused = 2 "paused",
        /// The facts before are dated too late: the clock was wrong while they were recorded.
        FactsAhead = 3 "facts-ahead",
    }
}

reasons! {
    /// How a store was not what had been kept of it outside.
    StoreCause: u8 {
        /// Nothing had been kept, or it was lost.
        NothingKept = 1 "nothing-kept",
        /// The store has less than it had.
        Behind = 2 "behind",
        /// The store is another one.
        Another = 3 "another",
        /// What had been kept is not signed by this log.
        Unsigned = 4 "unsigned",
    }
}

impl ClockReason {
    /// The reason of this code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::EVERY.iter().copied().find(|reason| reason.code() == code)
    }
}

impl ViewReason {
    /// The reason of this code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::EVERY.iter().copied().find(|reason| reason.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn numbers_and_codes_are_unique_and_come_back() {
        assert_eq!(Reason::EVERY.iter().map(|r| r.code()).collect::<HashSet<_>>().len(), Reason::EVERY.len());
        assert_eq!(
            Refusal::EVERY.iter().map(|r| r.code()).collect::<HashSet<_>>().len(),
            Refusal::EVERY.len()
        );
        for reason in Reason::EVERY {
            assert_eq!(Reason::from_number(reason.number()), Some(*reason));
        }
        assert_eq!(Reason::from_number(0), None);
        assert_eq!(Refusal::from_number(200), None);
    }
}
