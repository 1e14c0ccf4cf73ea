//! The curriculum as one CSV sheet, a skill a line: how it is imported, exported and embedded.
//!
//! Columns: `skill_id,subject_id,subject,name,grade_from,grade_to,prerequisites,lexicon,questions`. Lists are separated by
//! ` | `; a phrase may carry its weight (`common denominator*3`), a question carries its key (`What is 2 + 2? => 4`).
//! After the key, each behind ` ~ `, may come other right answers and what the question declares:
//! `How long is it? => 31.4 ~ unit=cm ~ tolerance=0.1`, `What is another word for big? => large ~ huge`.

use std::collections::HashMap;
use std::fmt;

use crate::answer::{AskedForm, Exact, Kind, Language, is_unit};
use serde::{Deserialize, Serialize};

use super::{Curriculum, Phrase, Question, Skill, Subject, order};
use crate::plain_text::is_formula;

const MAX_SKILLS: usize = 5_000;
const MAX_GRADE: i16 = 13;
const MAX_NAME: usize = 80;
const MAX_PHRASES: usize = 40;
const MAX_PHRASE: usize = 60;
const MAX_QUESTIONS: usize = 40;
const MAX_QUESTION: usize = 300;
const MAX_ALTERNATIVES: usize = 20;
pub(super) const SEPARATOR: char = '|';
const KEY_SEPARATOR: &str = " ~ ";

/// What is wrong with a sheet, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// From 1, the header's line. 0 if the curriculum did not come from a sheet.
    pub line: u64,
    pub problem: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.problem),
            line => write!(f, "line {line}: {}", self.problem),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Row {
    skill_id: String,
    subject_id: String,
    subject: String,
    name: String,
    grade_from: i16,
    grade_to: i16,
    #[serde(default)]
    prerequisites: String,
    #[serde(default)]
    lexicon: String,
    #[serde(default)]
    questions: String,
}

impl Row {
    /// The cells that hold what people wrote, each changed by `f`.
    fn map_text(self, f: impl Fn(String) -> String) -> Self {
        let (subject, name) = (f(self.subject), f(self.name));
        let (lexicon, questions) = (f(self.lexicon), f(self.questions));
        Self { subject, name, lexicon, questions, ..self }
    }
}

/// A cell that no spreadsheet runs: a leading apostrophe says that it is text.
fn guard(cell: String) -> String {
    if is_formula(&cell) { format!("'{cell}") } else { cell }
}

/// Takes away what [`guard`] put there.
fn unguard(cell: String) -> String {
    match cell.strip_prefix('\'') {
        Some(rest) if is_formula(rest) => rest.to_owned(),
        _ => cell,
    }
}

impl Curriculum {
    /// Reads a sheet. All faults are reported at once; a sheet with any is refused whole.
    pub fn from_csv(sheet: &[u8]) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let rows = read(sheet, &mut faults);
        let mut curriculum = Self::default();
        let mut lines = HashMap::new();
        for (line, row) in &rows {
            if let Some(first) = lines.insert(row.skill_id.as_str(), *line) {
                faults.push(fault(*line, format!("skill {} stands in line {first} too", row.skill_id)));
                continue;
            }
            match curriculum.subjects.iter().find(|s| s.subject_id == row.subject_id) {
                Some(subject) if subject.name == row.subject => {}
                Some(subject) => {
                    let problem = format!("subject {} was called “{}” before", row.subject_id, subject.name);
                    faults.push(fault(*line, problem));
                }
                None => {
                    curriculum.subjects.push(Subject { subject_id: row.subject_id.clone(), name: row.subject.clone() });
                }
            }
            match skill(row) {
                Ok(skill) => curriculum.skills.push(skill),
                Err(problem) => faults.push(fault(*line, problem)),
            }
        }
        check_prerequisites(&curriculum.skills, &lines, &mut faults);
        if faults.is_empty() { Ok(curriculum) } else { Err(faults) }
    }

    /// Adds questions to skills that are there. The sheet has the columns `skill_id,questions`.
    ///
    /// # Errors
    /// A skill that does not exist, or a question without its key. Nothing is added then.
    pub(super) fn add_questions(&mut self, sheet: &[u8]) -> Result<(), Vec<Fault>> {
        #[derive(Deserialize)]
        struct Row {
            skill_id: String,
            questions: String,
        }
        let mut faults = Vec::new();
        let mut added = Vec::new();
        for (line, row) in (2..).zip(csv::Reader::from_reader(sheet).deserialize()) {
            let found = row.map_err(|error| error.to_string()).and_then(|row: Row| {
                let questions = items(&row.questions).map(question).collect::<Result<Vec<_>, _>>()?;
                let at = self.skills.iter().position(|skill| skill.skill_id == row.skill_id);
                Ok((at.ok_or_else(|| format!("skill {} does not exist", row.skill_id))?, questions))
            });
            match found {
                Ok(found) => added.push(found),
                Err(problem) => faults.push(fault(line, problem)),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        for (at, questions) in added {
            self.skills[at].questions.extend(questions);
        }
        Ok(())
    }

    /// Checks a curriculum that did not come from a sheet by the same rules. All faults are reported at once.
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Vec::new();
        let mut lines = HashMap::new();
        for named in &self.subjects {
            if let Err(problem) = subject(&named.subject_id, &named.name) {
                faults.push(fault(0, format!("subject {}: {problem}", named.subject_id)));
            }
        }
        for skill in &self.skills {
            let id = &skill.skill_id;
            if lines.insert(id.as_str(), 0).is_some() {
                faults.push(fault(0, format!("skill {id} occurs twice")));
            }
            if !self.subjects.iter().any(|subject| subject.subject_id == skill.subject_id) {
                faults.push(fault(0, format!("skill {id}: subject {} does not exist", skill.subject_id)));
            }
            if let Err(problem) = check_skill(skill) {
                faults.push(fault(0, format!("skill {id}: {problem}")));
            }
        }
        if self.skills.len() > MAX_SKILLS {
            faults.push(fault(0, format!("more than {MAX_SKILLS} skills")));
        }
        check_prerequisites(&self.skills, &lines, &mut faults);
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// The same sheet again: what is exported can be imported.
    pub fn to_csv(&self) -> String {
        let names: HashMap<&str, &str> =
            self.subjects.iter().map(|s| (s.subject_id.as_str(), s.name.as_str())).collect();
        let mut writer = csv::Writer::from_writer(Vec::new());
        for skill in &self.skills {
            let row = Row {
                skill_id: skill.skill_id.clone(),
                subject_id: skill.subject_id.clone(),
                subject: (*names.get(skill.subject_id.as_str()).unwrap_or(&"")).to_owned(),
                name: skill.name.clone(),
                grade_from: skill.grade_from,
                grade_to: skill.grade_to,
                prerequisites: skill.prerequisites.join(" | "),
                lexicon: join(skill.lexicon.iter().map(|p| format!("{}*{}", p.phrase, p.weight))),
                questions: join(skill.questions.iter().map(|q| format!("{} => {}", q.ask, key_text(q)))),
            };
            writer.serialize(row.map_text(guard)).expect("writing to memory does not fail");
        }
        let bytes = writer.into_inner().expect("writing to memory does not fail");
        String::from_utf8(bytes).expect("made of strings")
    }
}

fn fault(line: u64, problem: impl Into<String>) -> Fault {
    Fault { line, problem: problem.into() }
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(" | ")
}

fn read(sheet: &[u8], faults: &mut Vec<Fault>) -> Vec<(u64, Row)> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(sheet);
    let headers = match reader.headers() {
        Ok(headers) => headers.clone(),
        Err(error) => {
            faults.push(fault(1, error.to_string()));
            return Vec::new();
        }
    };
    let mut rows = Vec::new();
    for record in reader.records() {
        let row = record.and_then(|record| {
            let line = record.position().map_or(0, csv::Position::line);
            record.deserialize(Some(&headers)).map(|row: Row| (line, row))
        });
        match row {
            Ok((line, _)) if rows.len() == MAX_SKILLS => {
                faults.push(fault(line, format!("more than {MAX_SKILLS} skills")));
                break;
            }
            Ok((line, row)) => rows.push((line, row.map_text(unguard))),
            Err(error) => faults.push(fault(error.position().map_or(1, csv::Position::line), error.to_string())),
        }
    }
    rows
}

fn skill(row: &Row) -> Result<Skill, String> {
    subject(&row.subject_id, &row.subject)?;
    let skill = Skill {
        skill_id: row.skill_id.clone(),
        subject_id: row.subject_id.clone(),
        name: row.name.clone(),
        grade_from: row.grade_from,
        grade_to: row.grade_to,
        lexicon: items(&row.lexicon).map(phrase).collect::<Result<Vec<_>, _>>()?,
        questions: items(&row.questions).map(question).collect::<Result<Vec<_>, _>>()?,
        prerequisites: items(&row.prerequisites).map(str::to_owned).collect(),
    };
    check_skill(&skill)?;
    Ok(skill)
}

/// The rules of one skill, wherever it came from.
fn check_skill(skill: &Skill) -> Result<(), String> {
    let Skill { skill_id, name, grade_from, grade_to, lexicon, questions, .. } = skill;
    check_id(skill_id)?;
    check_name(name)?;
    check_grades(*grade_from, *grade_to)?;
    check_counts(lexicon.len(), questions.len())?;
    for Phrase { phrase, weight } in lexicon {
        check_phrase(phrase, Some(*weight), phrase)?;
    }
    questions.iter().try_for_each(check_question)
}

pub(super) fn check_id(skill_id: &str) -> Result<(), String> {
    let why = || format!("“{skill_id}” is no skill_id: for example maths.fractions.add_like, at most 80 characters");
    is_skill_id(skill_id).then_some(()).ok_or_else(why)
}

pub(super) fn check_name(name: &str) -> Result<(), String> {
    let is_well = (1..=MAX_NAME).contains(&name.chars().count());
    is_well.then_some(()).ok_or_else(|| format!("the name needs 1 to {MAX_NAME} characters"))
}

pub(super) fn check_grades(from: i16, to: i16) -> Result<(), String> {
    let is_well = (0..=MAX_GRADE).contains(&from) && (from..=MAX_GRADE).contains(&to);
    let why = || format!("grades {from} to {to} do not lie between 0 and {MAX_GRADE} in this order");
    is_well.then_some(()).ok_or_else(why)
}

pub(super) fn check_counts(n_phrases: usize, n_questions: usize) -> Result<(), String> {
    let is_well = n_phrases <= MAX_PHRASES && n_questions <= MAX_QUESTIONS;
    is_well.then_some(()).ok_or_else(|| format!("more than {MAX_PHRASES} phrases or {MAX_QUESTIONS} questions"))
}

fn items(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(SEPARATOR).map(str::trim).filter(|item| !item.is_empty())
}

pub(super) fn phrase(item: &str) -> Result<Phrase, String> {
    let (phrase, weight) = match item.rsplit_once('*') {
        Some((phrase, weight)) => (phrase.trim(), weight.trim().parse().ok()),
        None => (item, Some(1)),
    };
    let weight = check_phrase(phrase, weight, item)?;
    Ok(Phrase { phrase: phrase.to_lowercase(), weight })
}

/// Returns the weight of a phrase that keeps the rules.
fn check_phrase(phrase: &str, weight: Option<u8>, item: &str) -> Result<u8, String> {
    weight
        .filter(|weight| (1..=9).contains(weight) && !phrase.is_empty() && phrase.chars().count() <= MAX_PHRASE)
        .ok_or_else(|| {
            format!("“{item}” is no phrase: at most {MAX_PHRASE} characters, with a weight from 1 to 9 after *")
        })
}

pub(super) fn question(item: &str) -> Result<Question, String> {
    let (ask, key) = item.split_once("=>").ok_or_else(|| format!("“{item}” lacks its key after =>"))?;
    let mut parts = key.split(KEY_SEPARATOR).map(str::trim);
    let mut question = Question::new(ask.trim(), parts.next().unwrap_or_default());
    for part in parts {
        match part.split_once('=').map(|(name, value)| (name.trim(), value.trim())) {
            Some(("kind", value)) => {
                question.kind = Some(Kind::from_name(value).ok_or_else(|| unknown_kind(value))?);
            }
            Some(("form", value)) => question.form = Some(AskedForm::try_from(value.to_owned())?),
            Some(("unit", value)) => question.unit = Some(value.to_owned()),
            Some(("tolerance", value)) => question.tolerance = Some(Exact::try_from(value.to_owned())?),
            _ => question.alternatives.push(part.to_owned()),
        }
    }
    check_question(&question)?;
    Ok(question)
}

fn unknown_kind(name: &str) -> String {
    let names: Vec<&str> = Kind::NAMES.iter().map(|(_, name)| *name).collect();
    format!("“{name}” is no kind of answer: use one of {}", names.join(", "))
}

fn check_question(question: &Question) -> Result<(), String> {
    let Question { ask, answer, alternatives, unit, tolerance, .. } = question;
    let length = ask.chars().count() + key_text(question).chars().count();
    if ask.is_empty() || answer.is_empty() || length > MAX_QUESTION {
        return Err(format!("“{ask}” needs a question and a key, at most {MAX_QUESTION} characters together"));
    }
    if alternatives.len() > MAX_ALTERNATIVES || alternatives.iter().any(String::is_empty) {
        return Err(format!("“{ask}” may have at most {MAX_ALTERNATIVES} other right answers, none of them empty"));
    }
    if let Some(name) = unit.as_deref().filter(|name| !is_unit(name, Language::of_question(ask))) {
        return Err(format!(
            "“{ask}” has the unit “{name}”, which is not known: write for example cm, square metres, dollars"
        ));
    }
    if tolerance.is_some_and(Exact::is_negative) {
        return Err(format!("“{ask}” has a negative tolerance: write for example 0.1"));
    }
    Ok(())
}

/// The key with what the question declares.
pub(super) fn key_text(question: &Question) -> String {
    let declared = [
        question.kind.map(|kind| format!("kind={}", kind.as_str())),
        question.form.map(|form| format!("form={}", form.name())),
        question.unit.as_ref().map(|unit| format!("unit={unit}")),
        question.tolerance.map(|tolerance| format!("tolerance={tolerance}")),
    ];
    let parts = std::iter::once(question.answer.clone()).chain(question.alternatives.iter().cloned());
    parts.chain(declared.into_iter().flatten()).collect::<Vec<_>>().join(KEY_SEPARATOR)
}

/// A subject by the rules of a sheet.
pub(super) fn subject(subject_id: &str, name: &str) -> Result<Subject, String> {
    if !is_subject_id(subject_id) {
        return Err(format!("“{subject_id}” is no subject_id: lower-case letters, digits and _, at most 40"));
    }
    if name.is_empty() || name.chars().count() > MAX_NAME {
        return Err(format!("the subject's name needs 1 to {MAX_NAME} characters"));
    }
    Ok(Subject { subject_id: subject_id.to_owned(), name: name.to_owned() })
}

fn is_subject_id(id: &str) -> bool {
    (2..=40).contains(&id.len()) && is_word(id) && id.starts_with(|c: char| c.is_ascii_lowercase())
}

fn is_skill_id(id: &str) -> bool {
    id.len() <= 80 && id.contains('.') && id.split('.').all(is_word) && id.starts_with(|c: char| c.is_ascii_lowercase())
}

fn is_word(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// Prerequisites must exist, and nothing may come before itself.
fn check_prerequisites(skills: &[Skill], lines: &HashMap<&str, u64>, faults: &mut Vec<Fault>) {
    let line = |id: &str| lines.get(id).copied().unwrap_or(0);
    for skill in skills {
        for id in skill.prerequisites.iter().filter(|id| !lines.contains_key(id.as_str())) {
            faults.push(fault(line(&skill.skill_id), format!("prerequisite {id} does not exist")));
        }
    }
    for circle in order::circles(skills) {
        faults.push(fault(line(&circle[0]), order::circle_words(&circle)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "skill_id,subject_id,subject,name,grade_from,grade_to,prerequisites,lexicon,questions\n";

    fn faults(lines: &str) -> Vec<String> {
        match Curriculum::from_csv(format!("{HEADER}{lines}").as_bytes()) {
            Ok(_) => Vec::new(),
            Err(faults) => faults.iter().map(Fault::to_string).collect(),
        }
    }

    #[test]
    fn a_line_becomes_a_skill() {
        let line = "art.colour.mix,art,Art,Mixing colours,1,4,,primary colour*3 | mix,Blue and yellow? => green\n";
        let curriculum = Curriculum::from_csv(format!("{HEADER}{line}").as_bytes()).unwrap();
        assert_eq!(curriculum.subjects, [Subject { subject_id: "art".into(), name: "Art".into() }]);
        let skill = &curriculum.skills[0];
        assert_eq!((skill.grade_from, skill.grade_to), (1, 4));
        assert_eq!(skill.lexicon[0], Phrase { phrase: "primary colour".into(), weight: 3 });
        assert_eq!(skill.lexicon[1].weight, 1);
        assert_eq!(skill.questions[0], Question::new("Blue and yellow?", "green"));
    }

    #[test]
    fn a_key_declares_its_kind_form_unit_tolerance_and_alternatives() {
        let line = "art.a,art,Art,A,1,4,,word,How long? => 31.4 ~ unit=cm ~ tolerance=0.1 ~ kind=number | Big? => large ~ huge\n";
        let curriculum = Curriculum::from_csv(format!("{HEADER}{line}").as_bytes()).unwrap();
        let [long, big] = curriculum.skills[0].questions.as_slice() else { panic!("two questions") };
        assert_eq!((long.kind, long.unit.as_deref()), (Some(Kind::Number), Some("cm")));
        assert_eq!(long.tolerance, Exact::fraction(1, 10));
        assert_eq!((big.answer.as_str(), big.alternatives.as_slice()), ("large", ["huge".to_owned()].as_slice()));
        assert_eq!(Curriculum::from_csv(curriculum.to_csv().as_bytes()).unwrap(), curriculum);
        for (key, why) in [
            ("4 ~ kind=riddle", "no kind"),
            ("4 ~ form=round", "no form"),
            ("4 ~ unit=blorp", "not known"),
            ("4 ~ tolerance=much", "no number"),
            ("4 ~ tolerance=-1", "negative"),
        ] {
            let found = faults(&format!("art.a,art,Art,A,1,4,,word,Why? => {key}\n"));
            assert!(found.len() == 1 && found[0].contains(why), "{key}: {found:?}");
        }
    }

    #[test]
    fn a_curriculum_from_elsewhere_is_checked_by_the_same_rules() {
        let mut curriculum = Curriculum::starter();
        assert_eq!(curriculum.check(), Ok(()));
        // Separators of the sheet are ordinary characters elsewhere.
        curriculum.skills[0].questions[0].ask = "What is |-3|, if a => b?".to_owned();
        assert_eq!(curriculum.check(), Ok(()));
        curriculum.skills[0].name.clear();
        curriculum.skills[1].prerequisites.push("maths.none".to_owned());
        curriculum.skills[2].subject_id = "none".to_owned();
        curriculum.skills.push(curriculum.skills[3].clone());
        let found: Vec<String> = curriculum.check().unwrap_err().iter().map(Fault::to_string).collect();
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(found.iter().all(|fault| !fault.starts_with("line")), "{found:?}");
    }

    #[test]
    fn questions_are_added_to_skills_that_are_there() {
        let line = "art.a,art,Art,A,1,2,,word,One? => 1\n";
        let mut curriculum = Curriculum::from_csv(format!("{HEADER}{line}").as_bytes()).unwrap();
        curriculum.add_questions(b"skill_id,questions\nart.a,Two? => 2 | Three? => 3\n").unwrap();
        assert_eq!(curriculum.skills[0].questions[2], Question::new("Three?", "3"));
        let faults = curriculum.add_questions(b"skill_id,questions\nart.b,Four? => 4\nart.a,Five?\n").unwrap_err();
        assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(curriculum.skills[0].questions.len(), 3);
    }

    #[test]
    fn what_is_exported_can_be_imported() {
        let starter = Curriculum::starter();
        assert_eq!(Curriculum::from_csv(starter.to_csv().as_bytes()).unwrap(), starter);
    }

    #[test]
    fn what_a_spreadsheet_would_run_leaves_as_text_and_comes_back_as_it_was() {
        let line = "art.a,art,Art,'=Mixing,1,4,,word,'-3 and 5? => 2\n";
        let curriculum = Curriculum::from_csv(format!("{HEADER}{line}").as_bytes()).unwrap();
        assert_eq!(curriculum.skills[0].name, "=Mixing");
        assert_eq!(curriculum.skills[0].questions[0].ask, "-3 and 5?");
        let sheet = curriculum.to_csv();
        assert!(sheet.contains(",'=Mixing,") && sheet.contains(",'-3 and 5?"), "{sheet}");
        assert_eq!(Curriculum::from_csv(sheet.as_bytes()).unwrap(), curriculum);
    }

    #[test]
    fn all_faults_are_reported_with_their_lines() {
        let lines = "Bad Id,art,Art,A,1,2,,,\nart.a,art,Art,A,5,2,,,\nart.b,art,Art,B,x,2,,,\nart.c,art,Art,C,1,2,,word*12,Why?\n";
        let found = faults(lines);
        assert_eq!(found.len(), 4, "{found:?}");
        for line in 2..=5 {
            assert!(found.iter().any(|f| f.contains(&format!("line {line}"))), "{line}: {found:?}");
        }
    }

    #[test]
    fn a_skill_may_stand_once_and_a_subject_has_one_name() {
        let found = faults("art.a,art,Art,A,1,2,,,\nart.a,art,Art,A,1,2,,,\nart.b,art,Arts,B,1,2,,,\n");
        assert_eq!(found[0], "line 3: skill art.a stands in line 2 too");
        assert_eq!(found[1], "line 4: subject art was called “Art” before");
    }

    #[test]
    fn prerequisites_must_exist_and_not_run_in_circles() {
        let found = faults("art.a,art,Art,A,1,2,art.b,,\nart.b,art,Art,B,1,2,art.a,,\nart.c,art,Art,C,1,2,art.x,,\n");
        assert_eq!(
            found,
            [
                "line 4: prerequisite art.x does not exist",
                "line 2: art.a would come before itself: art.a → art.b → art.a"
            ]
        );
    }

    #[test]
    fn a_sheet_without_our_columns_is_a_fault_and_no_panic() {
        assert!(Curriculum::from_csv(b"a,b\n1,2\n").is_err());
        assert!(Curriculum::from_csv(&[0xff, 0xfe, b'\n', 0xff]).is_err());
    }
}
