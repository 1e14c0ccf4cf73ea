//! Where figures are to be found: in the sums by day, or in the rows of sessions.

use super::{By, Narrow};

/// What figures are asked for, as the database keeps them.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    /// Where the sums are; `None`: sums know two things at a time, and more are asked for.
    pub pair: Option<Pair<'a>>,
    /// By what the rows of `cut_facts` are set apart.
    pub by: &'static str,
    /// The rows of `cut_facts`, and their label where it is given.
    pub cut: &'static str,
    pub label: Option<&'a str>,
    /// Only sessions with this label as well.
    pub also: Option<(&'static str, &'a str)>,
    /// Only skills of this subject.
    pub of_subject: Option<&'a str>,
}

/// Rows of `session_sums`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pair<'a> {
    pub cut: &'static str,
    pub label: Option<Key<'a>>,
    pub also: &'static str,
    pub also_label: Option<Key<'a>>,
    /// What they are set apart by: `day`, `cut` or `also`.
    pub key: &'static str,
}

type Key<'a> = std::borrow::Cow<'a, str>;

/// What sums are cut by, in the order in which the view `pair_facts` pairs them.
const CUTS: [&str; 8] = ["all", "assistant", "grade", "cohort", "skill", "subject", "reason", "belief"];

impl<'a> Plan<'a> {
    pub(super) fn of(narrow: &'a Narrow, by: By) -> Self {
        // A skill is of one subject, so that a skill says more.
        let skill = narrow.skill_id.as_deref().map(|id| ("skill", id));
        let topic = skill.or(narrow.subject_id.as_deref().map(|id| ("subject", id)));
        let (by, own) = match by {
            By::Day => ("day", None),
            By::Cohort => ("cohort", None),
            By::Grade => ("grade", None),
            By::Assistant => ("assistant", None),
            By::Subject => ("label", Some("subject")),
            By::Skill => ("label", Some("skill")),
            By::Reason => ("label", Some("reason")),
            By::Belief => ("label", Some("belief")),
        };
        let of_subject = narrow.subject_id.as_deref().filter(|_| own == Some("skill"));
        let (cut, label, also) = match (own, topic) {
            (None, None) => ("all", None, None),
            (None, Some((kind, id))) => (kind, Some(id), None),
            (Some(own), Some((kind, id))) if own == kind => (own, Some(id), None),
            (Some("skill"), Some(("subject", _))) => ("skill", None, None),
            (Some(own), also) => (own, None, also),
        };
        let topic = topic.filter(|(kind, _)| own != Some("skill") || *kind == "skill");
        let pair = Pair::of(own.unwrap_or(by), topic, narrow);
        Self { pair, by, cut, label, also, of_subject }
    }
}

impl<'a> Pair<'a> {
    fn of(by: &'static str, topic: Option<(&'static str, &'a str)>, narrow: &'a Narrow) -> Option<Self> {
        let filters = [
            narrow.assistant.as_deref().map(|assistant| ("assistant", assistant.into())),
            narrow.grade.map(|grade| ("grade", grade.to_string().into())),
            narrow.cohort.as_deref().map(|cohort| ("cohort", cohort.into())),
            topic.map(|(kind, id)| (kind, id.into())),
        ];
        let mut cuts: Vec<(&str, Option<Key<'a>>)> =
            filters.into_iter().flatten().map(|(cut, label)| (cut, Some(label))).collect();
        if by != "day" && cuts.iter().all(|(cut, _)| *cut != by) {
            cuts.push((by, None));
        }
        cuts.sort_by_key(|(cut, _)| CUTS.iter().position(|known| known == cut));
        let mut cuts = cuts.into_iter().rev();
        let (cut, label) = cuts.next().unwrap_or(("all", None));
        let (also, also_label) = cuts.next().unwrap_or(("all", None));
        let key = match by {
            "day" => "day",
            by if by == cut => "cut",
            _ => "also",
        };
        cuts.next().is_none().then_some(Self { cut, label, also, also_label, key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(narrow: &Narrow, by: By) -> Option<String> {
        let Pair { cut, label, also, also_label, key } = Plan::of(narrow, by).pair?;
        let told = |label: Option<Key<'_>>| label.map_or("*".to_owned(), Key::into_owned);
        Some(format!("{cut}={} {also}={} by {key}", told(label), told(also_label)))
    }

    #[test]
    fn one_thing_or_two_have_sums_and_three_have_none() {
        let all = Narrow::default();
        let cohort = Narrow { cohort: Some("7b".to_owned()), ..Narrow::default() };
        let skill = Narrow { skill_id: Some("math.add".to_owned()), ..Narrow::default() };
        let both = Narrow { skill_id: skill.skill_id.clone(), ..cohort.clone() };
        for (narrow, by, expected) in [
            (&all, By::Day, "all=* all=* by day"),
            (&all, By::Skill, "skill=* all=* by cut"),
            (&cohort, By::Day, "cohort=7b all=* by day"),
            (&cohort, By::Cohort, "cohort=7b all=* by cut"),
            (&cohort, By::Belief, "belief=* cohort=7b by cut"),
            (&skill, By::Cohort, "skill=math.add cohort=* by also"),
            (&skill, By::Subject, "subject=* skill=math.add by cut"),
            (&both, By::Day, "skill=math.add cohort=7b by day"),
            (&both, By::Cohort, "skill=math.add cohort=7b by also"),
        ] {
            assert_eq!(pair(narrow, by).as_deref(), Some(expected), "{narrow:?} {by:?}");
        }
        assert_eq!(pair(&both, By::Reason), None);
    }

    #[test]
    fn the_skills_of_a_subject_are_not_all_skills_of_its_sessions() {
        let subject = Narrow { subject_id: Some("math".to_owned()), ..Narrow::default() };
        assert_eq!(pair(&subject, By::Skill).unwrap(), "skill=* all=* by cut");
        assert_eq!(Plan::of(&subject, By::Skill).of_subject, Some("math"));
        assert_eq!(pair(&subject, By::Reason).unwrap(), "reason=* subject=math by cut");
    }
}
