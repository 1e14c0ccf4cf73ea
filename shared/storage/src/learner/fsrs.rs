//! Does the student still remember it? The memory model FSRS-6, in whole days, with its published default weights.
//!
//! Tested against the `fsrs` crate, which trains weights too and is therefore not a dependency of the product.

/// Default weights of FSRS-6, as in the crate `fsrs` 6.6.
const W: [f64; 21] = [
    0.212, 1.2931, 2.3065, 8.2956, 6.4133, 0.8334, 3.0194, 0.001, 1.8722, 0.1666, 0.796, 1.4835, 0.0614, 0.2629,
    1.6483, 0.6014, 1.8729, 0.5425, 0.0912, 0.0658, 0.1542,
];

/// How well a call went for one skill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grade {
    Again = 1,
    Hard = 2,
    Good = 3,
    Easy = 4,
}

/// The memory of one skill.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Memory {
    /// Days until recall falls to 0.9.
    pub(super) stability: f64,
    /// 1 to 10.
    pub(super) difficulty: f64,
}

impl Memory {
    pub(super) fn first(grade: Grade) -> Self {
        Self { stability: W[grade as usize - 1], difficulty: first_difficulty(grade).clamp(1.0, 10.0) }
    }

    /// After a further call, `days` whole days later.
    pub(super) fn next(self, days: u32, grade: Grade) -> Self {
        let g = f64::from(grade as u8);
        let stability = match (days, grade) {
            (0, _) => self.after_the_same_day(grade),
            (_, Grade::Again) => self.after_forgetting(days),
            _ => self.after_recall(days, grade),
        };
        let moved = self.difficulty + (10.0 - self.difficulty) * (-W[6] * (g - 3.0)) / 9.0;
        let difficulty = W[7] * (first_difficulty(Grade::Easy) - moved) + moved;
        Self { stability: stability.clamp(0.001, 36_500.0), difficulty: difficulty.clamp(1.0, 10.0) }
    }

    fn after_the_same_day(self, grade: Grade) -> f64 {
        let growth = (W[17] * (f64::from(grade as u8) - 3.0 + W[18])).exp() * self.stability.powf(-W[19]);
        self.stability * if grade == Grade::Again { growth } else { growth.max(1.0) }
    }

    fn after_forgetting(self, days: u32) -> f64 {
        let recall = recall(f64::from(days), self.stability);
        let left = W[11]
            * self.difficulty.powf(-W[12])
            * ((self.stability + 1.0).powf(W[13]) - 1.0)
            * ((1.0 - recall) * W[14]).exp();
        left.min(self.stability / (W[17] * W[18]).exp())
    }

    fn after_recall(self, days: u32, grade: Grade) -> f64 {
        let recall = recall(f64::from(days), self.stability);
        let factor = match grade {
            Grade::Hard => W[15],
            Grade::Easy => W[16],
            Grade::Good | Grade::Again => 1.0,
        };
        let growth = W[8].exp()
            * (11.0 - self.difficulty)
            * self.stability.powf(-W[9])
            * (((1.0 - recall) * W[10]).exp() - 1.0)
            * factor;
        self.stability * (1.0 + growth)
    }
}

fn first_difficulty(grade: Grade) -> f64 {
    W[4] - (W[5] * (f64::from(grade as u8) - 1.0)).exp() + 1.0
}

fn decay_factor() -> f64 {
    0.9_f64.powf(-1.0 / W[20]) - 1.0
}

/// P(recall) after `days`, which may be a fraction.
pub(super) fn recall(days: f64, stability: f64) -> f64 {
    (1.0 + decay_factor() * days / stability).powf(-W[20])
}

/// Days until recall has fallen to `target`.
pub(super) fn interval(stability: f64, target: f64) -> f64 {
    stability / decay_factor() * (target.powf(-1.0 / W[20]) - 1.0)
}

#[cfg(test)]
mod tests {
    use fsrs::{DEFAULT_PARAMETERS, FSRS, FSRSItem, FSRSReview};

    use super::*;

    const GRADES: [Grade; 4] = [Grade::Again, Grade::Hard, Grade::Good, Grade::Easy];

    fn after(calls: &[(u32, Grade)]) -> Memory {
        let (&(_, first), rest) = calls.split_first().unwrap();
        rest.iter().fold(Memory::first(first), |memory, &(days, grade)| memory.next(days, grade))
    }

    #[track_caller]
    fn assert_is(memory: Memory, stability: f64, difficulty: f64) {
        assert!((memory.stability - stability).abs() < 0.005, "{memory:?}");
        assert!((memory.difficulty - difficulty).abs() < 0.005, "{memory:?}");
    }

    #[test]
    fn published_vectors_are_met() {
        use Grade::{Again, Easy, Good, Hard};
        assert_is(after(&[(0, Good), (3, Good), (3, Good)]), 26.00, 2.10);
        assert_is(after(&[(0, Again), (1, Hard), (1, Good)]), 3.09, 7.59);
        assert_is(after(&[(0, Good), (14, Again)]), 0.80, 7.39);
        assert_is(after(&[(0, Easy), (7, Easy)]), 60.29, 1.00);
    }

    #[test]
    fn recall_falls_to_nine_tenths_after_the_stability() {
        assert!((recall(7.5, 7.5) - 0.9).abs() < 1e-12);
        assert!((interval(7.5, 0.9) - 7.5).abs() < 1e-9);
    }

    #[test]
    fn twenty_thousand_random_histories_agree_with_the_fsrs_crate() {
        let crate_model = FSRS::new(&DEFAULT_PARAMETERS).unwrap();
        let mut seed: u64 = 88_172_645_463_325_252;
        let mut random = |below: u64| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed % below) as usize
        };
        let mut worst = 0.0_f64;
        for _ in 0..20_000 {
            let calls: Vec<(u32, Grade)> = (0..=random(12))
                .map(|i| (if i == 0 { 0 } else { [0, 1, 2, 3, 5, 7, 14, 30, 60][random(9)] }, GRADES[random(4)]))
                .collect();
            let reviews =
                calls.iter().map(|&(days, grade)| FSRSReview { rating: grade as u32, delta_t: days }).collect();
            let theirs = crate_model.memory_state(FSRSItem { reviews }, None).unwrap();
            let ours = after(&calls);
            worst = worst.max((f64::from(theirs.stability) - ours.stability).abs() / ours.stability);
            worst = worst.max((f64::from(theirs.difficulty) - ours.difficulty).abs() / ours.difficulty);
        }
        // The crate counts in f32.
        assert!(worst <= 1e-5, "worst relative difference {worst:e}");
    }
}
