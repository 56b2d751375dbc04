//! One lane in which each partner has its share: whoever asks a thousand times waits behind itself, not before others.
//!
//! Partners take turns, one job each. The people themselves, and whatever concerns no partner, take turns as one of them.

use std::collections::{HashMap, VecDeque};

use yinuo_domain::PartnerId;

/// How many jobs of one share are let in although the lane is full, so that others cannot keep it out.
pub(crate) const SHARE_LEN_MIN: usize = 16;

/// Jobs that take turns by whose they are.
pub(crate) struct Fair<J> {
    /// The place of each partner's jobs; the first is everybody else's.
    places: HashMap<PartnerId, usize>,
    waiting: Vec<VecDeque<J>>,
    /// Whose turn it is: the places that are not empty, each once.
    turns: VecDeque<usize>,
    len: usize,
    len_max: usize,
    share_len_max: usize,
}

impl<J> Fair<J> {
    /// At most `len_max` jobs, and at most `share_len_max` of one partner.
    pub(crate) fn new(len_max: usize, share_len_max: usize) -> Self {
        Self {
            places: HashMap::new(),
            waiting: vec![VecDeque::new()],
            turns: VecDeque::new(),
            len: 0,
            len_max,
            share_len_max,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Puts a job behind those of the same partner, or gives it back when there is no room for it.
    pub(crate) fn push(&mut self, partner: Option<&PartnerId>, job: J) -> Result<(), J> {
        let place = match partner {
            None => 0,
            Some(partner) => match self.places.get(partner) {
                Some(place) => *place,
                None => {
                    self.waiting.push(VecDeque::new());
                    let place = self.waiting.len() - 1;
                    self.places.insert(partner.clone(), place);
                    place
                }
            },
        };
        let full = self.len_max <= self.len;
        let Some(waiting) = self.waiting.get_mut(place) else { return Err(job) };
        let share_is_full = partner.is_some() && self.share_len_max <= waiting.len();
        if share_is_full || (full && SHARE_LEN_MIN.min(self.len_max) <= waiting.len()) {
            return Err(job);
        }
        if waiting.is_empty() {
            self.turns.push_back(place);
        }
        waiting.push_back(job);
        self.len += 1;
        Ok(())
    }

    /// The next job.
    pub(crate) fn pop(&mut self) -> Option<J> {
        self.pop_by(VecDeque::pop_front)
    }

    /// The next job, as `choose` takes it from those of the partner whose turn it is. It may take more away, and gives none only when
    /// nothing is left there.
    pub(crate) fn pop_by(&mut self, mut choose: impl FnMut(&mut VecDeque<J>) -> Option<J>) -> Option<J> {
        loop {
            let place = self.turns.pop_front()?;
            let waiting = self.waiting.get_mut(place)?;
            let before = waiting.len();
            let job = choose(waiting);
            self.len = self.len.saturating_sub(before.saturating_sub(waiting.len()));
            if !waiting.is_empty() {
                self.turns.push_back(place);
            }
            if job.is_some() {
                return job;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partner(name: &str) -> PartnerId {
        PartnerId::parse(name).unwrap()
    }

    fn drained(fair: &mut Fair<(u8, u32)>) -> Vec<(u8, u32)> {
        std::iter::from_fn(|| fair.pop()).collect()
    }

    #[test]
    fn whoever_asks_a_thousand_times_waits_behind_itself() {
        let (flood, other) = (partner("flood"), partner("other"));
        let mut fair = Fair::new(4_096, 1_024);
        for number in 0..1_000 {
            fair.push(Some(&flood), (1, number)).unwrap();
        }
        fair.push(Some(&other), (2, 0)).unwrap();
        fair.push(None, (0, 0)).unwrap();
        fair.push(Some(&other), (2, 1)).unwrap();
        let first: Vec<_> = (0..6).map(|_| fair.pop().unwrap()).collect();
        assert_eq!(first, [(1, 0), (2, 0), (0, 0), (1, 1), (2, 1), (1, 2)]);
        // Of one partner nothing overtakes.
        assert_eq!(drained(&mut fair), (3..1_000).map(|number| (1, number)).collect::<Vec<_>>());
        assert_eq!(fair.len(), 0);
    }

    #[test]
    fn a_share_is_bounded_and_a_full_lane_keeps_nobody_out() {
        let (flood, second, late) = (partner("flood"), partner("second"), partner("late"));
        let mut fair = Fair::new(100, 80);
        let let_in = |fair: &mut Fair<(u8, u32)>, of: Option<&PartnerId>| {
            (0..1_000).filter(|number| fair.push(of, (0, *number)).is_ok()).count()
        };
        assert_eq!(let_in(&mut fair, Some(&flood)), 80, "its share");
        assert_eq!(let_in(&mut fair, Some(&second)), 20, "what room is left");
        assert_eq!(let_in(&mut fair, Some(&late)), SHARE_LEN_MIN);
        assert_eq!(let_in(&mut fair, None), SHARE_LEN_MIN);
        assert_eq!(fair.len(), 100 + 2 * SHARE_LEN_MIN);
        assert_eq!(drained(&mut fair).len(), 100 + 2 * SHARE_LEN_MIN);
    }

    #[test]
    fn a_lane_for_fewer_than_a_share_is_still_bounded() {
        let mut fair = Fair::new(4, 80);
        assert_eq!((0..10).filter(|number| fair.push(None, (0, *number)).is_ok()).count(), 4);
    }
}
