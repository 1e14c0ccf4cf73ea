//! Which skill each task of a call exercises.
//!
//! **Invariant:** a skill needs the form of the task or several of its words, in a call whose subject is established. What
//! fits no skill is kept as a topic.

mod topic;

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::answer::Said;
use domain::curriculum::Curriculum;
use domain::task::{Context, Form, Relation, Task};

use super::lexicon::{Lexicon, Scores, normal, spaced};

/// Where an exchange belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Index into [`Curriculum::skills`].
    Skill(usize),
    /// A topic that is in no curriculum, of a fixed list: "photosynthesis". For [`domain::analysis::TopicFinding`].
    Topic(&'static str),
    /// No task was set, or nothing is certain. It is no evidence of anything.
    Nowhere,
}

/// A skill needs this much from its words in one task.
const ENOUGH: u32 = 5;
/// In a call about the skill's subject this is enough.
const ENOUGH_IN_SUBJECT: u32 = 3;

/// Follows one call, exchange by exchange.
///
/// For each exchange call [`Lesson::ask`] with the tutor's words and then [`Lesson::answered`]; at the end [`Lesson::places`]
/// returns the place of each exchange. What comes before the subject is clear is placed at the end.
#[derive(Debug)]
pub struct Lesson<'a> {
    curriculum: &'a Curriculum,
    lexicon: Arc<Lexicon>,
    context: Context,
    open: Option<Task>,
    exchanges: Vec<Asked>,
    /// How often the tutor named each of [`topic::LANGUAGES`].
    languages: [u32; topic::LANGUAGES.len()],
}

/// What is known of one exchange.
#[derive(Debug)]
struct Asked {
    task: Option<Task>,
    /// Skill of the curriculum's question that was asked.
    question: Option<usize>,
    /// Points by skill, from the tutor's words.
    scores: Scores,
    topic: Option<&'static str>,
    /// Points by subject, from the student's words.
    said: Scores,
}

impl<'a> Lesson<'a> {
    /// A lesson of which nothing was heard yet.
    pub fn new(curriculum: &'a Curriculum) -> Self {
        Self {
            curriculum,
            lexicon: Lexicon::of(curriculum),
            context: Context::new(),
            open: None,
            exchanges: Vec::new(),
            languages: Default::default(),
        }
    }

    /// Reads what the tutor said since the student spoke last. The task has the key of the curriculum's question if the
    /// tutor asks that.
    pub fn ask(&mut self, tutor: &str) -> Option<Task> {
        let mut task = self.context.hear(tutor);
        let text = normal(tutor);
        let question = self.lexicon.question(tutor, &text);
        if let (Some((_, key)), Some(task)) = (question, &mut task)
            && task.expected.is_none()
            && key != "free answer"
        {
            task.expected = Some(key.to_owned());
        }
        let words = spaced(&text);
        for language in words.iter().filter_map(|word| topic::language(word)) {
            self.languages[language] += 1;
        }
        let scores = self.lexicon.score(&words);
        self.open.clone_from(&task);
        self.exchanges.push(Asked {
            task: task.clone(),
            question: question.map(|(skill, _)| skill),
            scores,
            topic: topic::of(&words),
            said: Scores::new(),
        });
        task
    }

    /// Notes what the student said to the task of the last [`Lesson::ask`], and whether it was right; `None`: undecided.
    pub fn answered(&mut self, said: &Said, is_right: Option<bool>) {
        if let Some(last) = self.exchanges.last_mut() {
            last.said = self.lexicon.score(&spaced(&normal(said.text())));
        }
        self.context.note(self.open.take(), said, is_right);
    }

    /// Returns the place of each exchange, in the order of [`Lesson::ask`].
    pub fn places(self) -> Vec<Place> {
        let subject = self.subject();
        let mut places: Vec<Place> = Vec::with_capacity(self.exchanges.len());
        // What the open task and the last task belong to.
        let (mut root, mut last) = (Place::Nowhere, Place::Nowhere);
        for asked in &self.exchanges {
            let Some(task) = &asked.task else {
                places.push(Place::Nowhere);
                continue;
            };
            let place = match task.relation {
                Relation::Again | Relation::Step => root,
                Relation::New => self.place(asked, task, &subject, last),
            };
            if task.relation == Relation::New {
                root = place;
            }
            if place != Place::Nowhere {
                last = place;
            }
            places.push(place);
        }
        places
    }

    fn place(&self, asked: &Asked, task: &Task, subject: &Subject, last: Place) -> Place {
        let subject_of_call = subject;
        if let Some(skill) = asked.question
            && subject.allows(&self.curriculum.skills[skill].subject_id)
        {
            return Place::Skill(skill);
        }
        let best = asked.scores.iter().max_by_key(|(skill, score)| (**score, std::cmp::Reverse(**skill)));
        // In a lesson of a language the words tell the skill: "What does sotto mean?", "Cheese?"
        if is_about_words(task.form) && subject.has_language {
            let own = |skill: usize| {
                let id = &self.curriculum.skills[skill].subject_id;
                let subject = self.curriculum.subjects.iter().find(|subject| subject.subject_id == *id);
                subject.is_some_and(|subject| is_language(&subject.name) && subject_of_call.is(id))
            };
            let mut scores = asked.scores.clone();
            for (skill, score) in &asked.said {
                *scores.entry(*skill).or_default() += score;
            }
            let best = scores
                .iter()
                .filter(|(skill, _)| own(**skill))
                .max_by_key(|(skill, score)| (**score, std::cmp::Reverse(**skill)));
            return match best {
                Some((skill, score)) if *score >= ENOUGH_IN_SUBJECT => Place::Skill(*skill),
                _ if task.is_elliptic => last,
                _ => Place::Nowhere,
            };
        }
        let by_form = task.form.skill_id().and_then(|id| self.find(id));
        if let Some(skill) = by_form.filter(|skill| subject.allows(&self.curriculum.skills[*skill].subject_id)) {
            // The words of the task may name a neighbour: "How much change?" in a bare subtraction.
            return Place::Skill(skill);
        }
        if by_form.is_some() {
            return Place::Topic(asked.topic.or(subject.topic).unwrap_or(topic::OTHER));
        }
        if let (Some((skill, score)), None) = (best, asked.topic) {
            let own = &self.curriculum.skills[*skill].subject_id;
            let enough = if subject.is(own) { ENOUGH_IN_SUBJECT } else { ENOUGH };
            if *score >= enough && subject.is(own) {
                return Place::Skill(*skill);
            }
        }
        if let Some(topic) = asked.topic {
            return Place::Topic(topic);
        }
        if task.is_elliptic || task.form == Form::Translation {
            return match last {
                Place::Nowhere => subject.topic.map_or(Place::Nowhere, Place::Topic),
                last => last,
            };
        }
        match (last, subject.topic) {
            (_, Some(topic)) | (Place::Topic(topic), None) => Place::Topic(topic),
            _ if task.expected.is_none() && task.form == Form::Other => Place::Topic(topic::OTHER),
            _ => Place::Nowhere,
        }
    }

    fn find(&self, id: &str) -> Option<usize> {
        self.curriculum.skills.iter().position(|skill| skill.skill_id == id)
    }

    /// What the call is about: the subject that most of its tasks belong to.
    fn subject(&self) -> Subject {
        let mut points: BTreeMap<&str, u32> = BTreeMap::new();
        let mut topics: BTreeMap<&'static str, u32> = BTreeMap::new();
        for asked in &self.exchanges {
            let form =
                asked.task.as_ref().filter(|task| task.relation == Relation::New).and_then(|task| task.form.skill_id());
            // "What does sotto mean?" is asked in any lesson.
            let is_vague = asked.task.as_ref().is_some_and(|task| is_about_words(task.form));
            if let Some(skill) = form.filter(|_| !is_vague).and_then(|id| self.find(id)) {
                *points.entry(&self.curriculum.skills[skill].subject_id).or_default() += 3;
            } else if let Some(skill) = asked.question {
                *points.entry(&self.curriculum.skills[skill].subject_id).or_default() += 3;
            }
            if let Some(topic) = asked.topic {
                *topics.entry(topic).or_default() += 3;
            }
            // One point for each subject with words of some weight, from either side.
            let mut subjects: Vec<&str> = Vec::new();
            for (skill, score) in asked.scores.iter().chain(&asked.said) {
                let own = self.curriculum.skills[*skill].subject_id.as_str();
                if *score >= ENOUGH_IN_SUBJECT && !subjects.contains(&own) {
                    subjects.push(own);
                }
            }
            for own in subjects {
                *points.entry(own).or_default() += 1;
            }
        }
        // A language is taught only if its name is said, and more often than any other's.
        let named = |name: &str| topic::language(name).map_or(0, |language| self.languages[language]);
        let most = self.languages.into_iter().max().unwrap_or(0);
        for subject in self.curriculum.subjects.iter().filter(|subject| is_language(&subject.name)) {
            let count = named(&subject.name);
            if count == 0 || count < most {
                points.remove(subject.subject_id.as_str());
            }
        }
        let translations = self
            .exchanges
            .iter()
            .filter(|asked| asked.task.as_ref().is_some_and(|task| task.form == Form::Translation));
        let translations = u32::try_from(translations.count()).unwrap_or(0);
        let taught = self.languages.iter().position(|count| *count == most && most > 0);
        let taught = taught.map(|language| topic::LANGUAGES[language]);
        let in_curriculum = taught.is_some_and(|language| {
            self.curriculum.subjects.iter().any(|subject| subject.name.eq_ignore_ascii_case(language))
        });
        if let Some(topic) = taught.filter(|_| !in_curriculum) {
            *topics.entry(topic).or_default() += 3 * translations;
        }
        let topic = topics.iter().max_by_key(|(_, count)| **count).map(|(topic, count)| (*topic, *count));
        let total: u32 = topics.values().sum();
        let strongest = points.values().copied().max().unwrap_or(0);
        let known = points.into_iter().filter(|(_, count)| *count * 3 >= strongest && *count * 2 > total && *count > 0);
        let known: Vec<String> = known.map(|(subject, _)| subject.to_owned()).collect();
        let is_off = known.is_empty();
        let has_language = self
            .curriculum
            .subjects
            .iter()
            .any(|subject| known.contains(&subject.subject_id) && is_language(&subject.name));
        Subject { known, has_language, topic: topic.filter(|_| is_off).map(|(topic, _)| topic) }
    }
}

/// Whether a subject's name is that of a foreign language.
fn is_language(name: &str) -> bool {
    topic::language(name).is_some()
}

/// Whether a form says nothing of the subject.
fn is_about_words(form: Form) -> bool {
    matches!(form, Form::Translation | Form::WordMeaning | Form::Other | Form::Spelling)
}

/// The subjects of a call.
struct Subject {
    known: Vec<String>,
    /// A foreign language is taught.
    has_language: bool,
    /// The call is about this topic, which is in no curriculum.
    topic: Option<&'static str>,
}

impl Subject {
    fn is(&self, subject: &str) -> bool {
        self.known.iter().any(|known| known == subject)
    }

    fn allows(&self, subject: &str) -> bool {
        self.is(subject)
    }
}

/// The index of the skill that a text names by the curriculum's phrases; `None`: it names none for certain.
pub(super) fn named(text: &str, curriculum: &Curriculum) -> Option<usize> {
    let scores = Lexicon::of(curriculum).score(&spaced(text));
    let best = *scores.values().max().filter(|best| **best >= ENOUGH)?;
    let mut of_best = scores.iter().filter(|(_, score)| **score == best);
    of_best.next().filter(|_| of_best.next().is_none()).map(|(skill, _)| *skill)
}

/// Returns where a tutor's words belong in a lesson on this subject, before anything else was said.
pub fn place_of(words: &str, subject: &str, curriculum: &Curriculum) -> Place {
    let mut lesson = Lesson::new(curriculum);
    lesson.ask(&format!("Today we do {subject}."));
    lesson.answered(&Said::new("Okay."), None);
    lesson.ask(words);
    lesson.places().pop().unwrap_or(Place::Nowhere)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(curriculum: &Curriculum, call: &[(&str, &str)]) -> Vec<String> {
        let mut lesson = Lesson::new(curriculum);
        for (tutor, said) in call {
            lesson.ask(tutor);
            lesson.answered(&Said::new(said), Some(true));
        }
        let name = |place| match place {
            Place::Skill(skill) => curriculum.skills[skill].skill_id.clone(),
            Place::Topic(topic) => topic.to_owned(),
            Place::Nowhere => "nowhere".to_owned(),
        };
        lesson.places().into_iter().map(name).collect()
    }

    #[test]
    fn one_sentence_is_placed_in_a_lesson_on_its_subject() {
        let mut curriculum = Curriculum::starter();
        let subject = domain::curriculum::Subject { subject_id: "art".to_owned(), name: "Art".to_owned() };
        let phrase = domain::curriculum::Phrase { phrase: "warm colour".to_owned(), weight: 5 };
        let skill = domain::curriculum::Skill {
            skill_id: "art.warm_colours".to_owned(),
            subject_id: "art".to_owned(),
            lexicon: vec![phrase],
            questions: Vec::new(),
            ..curriculum.skills[0].clone()
        };
        curriculum.subjects.push(subject);
        curriculum.skills.push(skill);
        let skill = Place::Skill(curriculum.skills.len() - 1);
        for sentence in ["Can you name a warm colour?", "What is a warm colour?", "Tell me a warm colour."] {
            assert_eq!(place_of(sentence, "Art", &curriculum), skill, "{sentence}");
        }
        assert_eq!(place_of("A warm colour, well done.", "Art", &curriculum), Place::Nowhere);
        assert_eq!(place_of("Can you name a cold one?", "Art", &curriculum), Place::Topic(topic::OTHER));
    }

    #[test]
    fn an_everyday_word_is_no_lesson_in_a_language() {
        let call = [
            ("What is seven times eight?", "fifty six"),
            ("Are there birds by your window?", "its maya"),
            ("What do cows eat?", "grass"),
            ("Nine times six?", "fifty four"),
        ];
        let found = places(&Curriculum::starter(), &call);
        assert_eq!(found[0], "maths.multiply.facts");
        assert_eq!(found[1], "nowhere");
        assert!(!found.iter().any(|place| place.starts_with("italian")), "{found:?}");
    }

    #[test]
    fn the_words_tell_the_skill_where_a_language_is_taught() {
        let call = [
            ("Let's do Italian. How do you say bread?", "pane"),
            ("Window?", "finestra"),
            ("And grandmother?", "nonna"),
        ];
        let found = places(&Curriculum::starter(), &call);
        assert_eq!(found, ["italian.words.food", "italian.words.house", "italian.words.family"]);
    }

    #[test]
    fn what_is_in_no_curriculum_is_a_topic() {
        let call = [("What do plants take in to make food?", "carbon dioxide"), ("And give back?", "oxygen")];
        assert_eq!(places(&Curriculum::starter(), &call), ["photosynthesis", "photosynthesis"]);
        let spanish = [("How do you say dog in Spanish?", "perro"), ("And cat?", "gato")];
        assert_eq!(places(&Curriculum::starter(), &spanish), ["Spanish", "Spanish"]);
    }

    #[test]
    fn a_form_names_only_a_skill_that_the_curriculum_has() {
        let mut starter = Curriculum::starter();
        starter.skills.retain(|skill| skill.skill_id != "maths.multiply.facts");
        let found = places(&starter, &[("What is seven times eight?", "fifty six")]);
        assert!(!found[0].starts_with("maths"), "{found:?}");
    }

    #[test]
    fn a_question_of_the_curriculum_names_its_skill_and_key() {
        let starter = Curriculum::starter();
        let mut lesson = Lesson::new(&starter);
        let task = lesson.ask("Good. Which comes first in a story, the problem or the solution?").unwrap();
        assert_eq!(task.expected.as_deref(), Some("problem"));
    }

    #[test]
    fn every_form_names_a_skill_of_the_starter_set() {
        let starter = Curriculum::starter();
        for id in Form::ALL.iter().filter_map(|form| form.skill_id()) {
            assert!(starter.find_skill(id).is_some(), "{id}");
        }
    }
}
