//! When a message that could not be delivered is tried again, and when it is given up.

use jiff::{SignedDuration, Timestamp};

/// The least first pause between two tries; it doubles with each.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(30);
/// The longest pause before chance adds up to half of it: an hour altogether.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(40);
/// How long a message is tried.
const TRIED_FOR: SignedDuration = SignedDuration::from_hours(72);

/// When a message that was fixed at this moment is given up.
#[must_use]
pub fn give_up_at(sealed_at: Timestamp) -> Timestamp {
    sealed_at.saturating_add(TRIED_FOR).unwrap_or(Timestamp::MAX)
}

/// When to try again after this attempt (from 1). `chance` (0 to 255) adds up to half of the pause, so that messages that failed
/// together do not come back together.
#[must_use]
pub fn try_again_at(now: Timestamp, attempt: u32, chance: u8) -> Timestamp {
    let doubled = 2i32.saturating_pow(attempt.saturating_sub(1).min(16));
    let pause = FIRST_PAUSE.saturating_mul(doubled).min(LONGEST_PAUSE);
    let spread = pause.saturating_mul(i32::from(chance)) / 510;
    now.saturating_add(pause + spread).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[rstest::rstest]
    #[case(1, 0, 30)]
    #[case(1, 255, 45)]
    #[case(2, 0, 60)]
    #[case(7, 0, 1_920)]
    #[case(8, 255, 3_600)]
    #[case(4_000_000_000, 255, 3_600)]
    fn pauses_double_from_half_a_minute_to_an_hour(#[case] attempt: u32, #[case] chance: u8, #[case] seconds: i64) {
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(try_again_at(now, attempt, chance).duration_since(now).as_secs(), seconds);
    }

    proptest! {
        #[test]
        fn a_pause_is_between_half_a_minute_and_an_hour(attempt in 1u32.., chance: u8) {
            let pause = try_again_at(Timestamp::UNIX_EPOCH, attempt, chance).as_second();
            prop_assert!((30..=3_600).contains(&pause));
        }
    }
}
