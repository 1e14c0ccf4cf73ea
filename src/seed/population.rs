//! Invented students and their calls, drawn from one seed: row for row what the product would have written.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use storage::id::{SessionId, StudentId};
use storage::learner::{self, Observation};
use storage::student_context::Prepared;

use super::book::{Book, Topics};
use super::call::{self, Call, Judged};
use super::rows::Batch;
use super::{DAYS, id_at};

const SIBLINGS: f64 = 0.05;
/// Share of calls from a shared number whose caller was not identified.
const UNIDENTIFIED: f64 = 0.25;
/// Of students, those who mostly hang up at once; of their calls and of those of the others, what ends so.
const IMPATIENT: f64 = 0.02;
const BROKEN_OFF: (f64, f64) = (0.7, 0.05);

const FIRST_NAMES: [&str; 48] = [
    "Ada", "Amara", "Anouk", "Arjun", "Aylin", "Beatriz", "Bruno", "Carmen", "Chidi", "Clara", "Dario", "Elif", "Emil",
    "Farah", "Felix", "Freya", "Gael", "Hana", "Hugo", "Ida", "Imani", "Ines", "Ivo", "Jonas", "Kaito", "Kofi",
    "Leila", "Lena", "Luca", "Maren", "Mateo", "Mila", "Nadia", "Nils", "Noor", "Omar", "Oskar", "Priya", "Rafael",
    "Rosa", "Samira", "Silas", "Tala", "Theo", "Uma", "Viktor", "Yara", "Zoe",
];
const LAST_NAMES: [&str; 40] = [
    "Abara",
    "Almeida",
    "Andersen",
    "Bakker",
    "Bianchi",
    "Brandt",
    "Castillo",
    "Celik",
    "Costa",
    "Dahl",
    "Diallo",
    "Dubois",
    "Eriksen",
    "Ferreira",
    "Fischer",
    "Garner",
    "Haddad",
    "Holm",
    "Iyer",
    "Jansen",
    "Kaya",
    "Keller",
    "Lindqvist",
    "Marino",
    "Mensah",
    "Moreau",
    "Nakamura",
    "Novak",
    "Okafor",
    "Olsen",
    "Pereira",
    "Rahman",
    "Rossi",
    "Santos",
    "Silva",
    "Tanaka",
    "Vega",
    "Weber",
    "Winther",
    "Zeman",
];
const TIMEZONES: [&str; 5] = ["America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "UTC"];

/// How many of what, and from which seed.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub students: u32,
    pub sessions: u32,
    pub seed: u64,
}

/// All students, one after another: nothing is kept of those before.
#[derive(Debug)]
pub struct Population<'a> {
    size: Size,
    book: &'a Book,
    now: DateTime<Utc>,
    rng: StdRng,
    n_students: u32,
    pub n_sessions: u32,
    phone: String,
    next_shares_phone: bool,
}

/// The one who calls.
#[derive(Debug)]
#[expect(clippy::struct_field_names, reason = "an id has the same name everywhere")]
struct Student<'a> {
    student_id: StudentId,
    phone: String,
    shares_phone: bool,
    /// 0 to 1.
    ability: f64,
    grade: i16,
    /// Of their calls, those that they break off.
    broken_off: f64,
    topics: Topics<'a>,
}

impl<'a> Population<'a> {
    /// Made-up students and calls, as many as asked for.
    pub fn new(size: Size, book: &'a Book, now: DateTime<Utc>) -> Self {
        Self {
            size,
            book,
            // Postgres keeps microseconds: what is folded is what will be read.
            now: DateTime::from_timestamp_millis(now.timestamp_millis()).unwrap_or(now),
            rng: StdRng::seed_from_u64(size.seed),
            n_students: 0,
            n_sessions: 0,
            phone: String::new(),
            next_shares_phone: false,
        }
    }

    /// Adds the next student with all that belongs to them. `false` where there are no more.
    pub fn add_student(&mut self, batch: &mut Batch) -> bool {
        if self.n_students == self.size.students {
            return false;
        }
        let n_calls = self.draw_calls();
        let student = self.draw_student(batch);
        self.n_students += 1;
        let mut judged: Vec<Judged> = Vec::new();
        for _ in 0..n_calls {
            let call = self.draw_call(&student);
            judged.extend(call::write(&call, self.now, &mut self.rng, batch));
            self.n_sessions += 1;
        }
        if !judged.is_empty() {
            fold_mastery(student.student_id, &judged, batch);
            prepare_context(student.student_id, &judged, batch);
        }
        true
    }

    /// Evenly from none to twice the mean of what is left, so that at the end all are given out.
    fn draw_calls(&mut self) -> u32 {
        let left = self.size.sessions - self.n_sessions;
        let n_students = self.size.students - self.n_students;
        if n_students == 1 {
            return left;
        }
        let mean = f64::from(left) / f64::from(n_students);
        let drawn = self.rng.random::<f64>() * 2.0 * mean + self.rng.random::<f64>();
        (drawn as u32).min(left)
    }

    fn draw_student(&mut self, batch: &mut Batch) -> Student<'a> {
        let rng = &mut self.rng;
        let shared_before = std::mem::replace(&mut self.next_shares_phone, false);
        if !shared_before {
            self.phone = phone(self.size.seed, self.n_students);
        }
        if self.n_students + 1 < self.size.students {
            self.next_shares_phone = rng.random_bool(SIBLINGS);
        }
        // All students exist before the first call.
        let created_at = self.now - TimeDelta::days(DAYS + 1) - TimeDelta::seconds(rng.random_range(0..180 * 86_400));
        let student_id = StudentId(id_at(created_at, rng));
        let grade: i16 = rng.random_range(0..=9);
        let pick = |names: &[&'static str], rng: &mut StdRng| *names.choose(rng).expect("the lists are constant");
        let name = format!("{} {}", pick(&FIRST_NAMES, rng), pick(&LAST_NAMES, rng));
        let timezone = pick(&TIMEZONES, rng);
        let cohort = cohort(grade, self.n_students);
        batch.students.push(&[&student_id, &name, &grade, &cohort, &"en", &timezone, &created_at, &created_at]);
        batch.phones.push(&[&self.phone, &student_id, &created_at]);
        batch.student_ids.push(student_id);
        Student {
            student_id,
            phone: self.phone.clone(),
            shares_phone: shared_before || self.next_shares_phone,
            ability: rng.random(),
            grade,
            broken_off: if rng.random_bool(IMPATIENT) { BROKEN_OFF.0 } else { BROKEN_OFF.1 },
            topics: self.book.choose_topics(grade, rng),
        }
    }

    fn draw_call(&mut self, student: &Student<'a>) -> Call<'a> {
        let rng = &mut self.rng;
        let unidentified = student.shares_phone && rng.random_bool(UNIDENTIFIED);
        let is_broken_off = rng.random_bool(student.broken_off);
        let dialogue = if is_broken_off {
            student.topics.choose_broken_off(rng)
        } else {
            student.topics.choose_dialogue(student.ability, rng)
        };
        Call {
            call_id: call_id(self.size.seed, self.n_sessions),
            student_id: (!unidentified).then_some(student.student_id),
            grade: student.grade,
            phone: student.phone.clone(),
            dialogue,
            is_broken_off,
            n_calls: self.size.sessions,
        }
    }
}

/// Four groups a grade, and one student in ten without.
fn cohort(grade: i16, n: u32) -> Option<String> {
    let of_grade = if grade == 0 { "kindergarten".to_owned() } else { format!("grade {grade}") };
    match n % 10 {
        0..3 => Some(format!("Period 1 {of_grade}")),
        3..6 => Some(format!("Period 3 {of_grade}")),
        6..8 => Some(format!("After-school {of_grade}")),
        8 => Some(format!("Saturday {of_grade}")),
        _ => None,
    }
}

/// VAPI's id of a seeded call.
pub fn call_id(seed: u64, n: u32) -> String {
    format!("seed-{seed}-{n}")
}

/// Each seed has a block of numbers by its last digit, with a gap for the numbers of the demo.
pub fn phone(seed: u64, n: u32) -> String {
    let n = if n < 100_000 { n } else { n + 100 };
    format!("+1555{}{n:06}", seed % 10)
}

fn fold_mastery(student_id: StudentId, judged: &[Judged], batch: &mut Batch) {
    let mut by_skill: BTreeMap<&str, Vec<Observation>> = BTreeMap::new();
    for (skill_id, observation) in judged.iter().flat_map(Judged::observations) {
        by_skill.entry(skill_id).or_default().push(observation);
    }
    for (skill_id, observations) in by_skill {
        let practices = learner::practices(&observations);
        for (i, practice) in practices.iter().enumerate() {
            let next_at = practices.get(i + 1).map(|next| next.at);
            batch.practices.push(&[
                &student_id,
                &skill_id,
                &(i as u32),
                &practice.call,
                &practice.at,
                &practice.gain,
                &practice.due_at,
                &next_at,
            ]);
        }
        if let Some(state) = learner::fold(&observations) {
            batch.mastery.push(&[
                &student_id,
                &skill_id,
                &state.knowledge,
                &state.stability,
                &state.difficulty,
                &state.n_evidence,
                &state.n_unaided_correct,
                &state.n_calls_correct,
                &state.last_at,
            ]);
        }
    }
}

fn prepare_context(student_id: StudentId, judged: &[Judged], batch: &mut Batch) {
    let last = judged.iter().max_by_key(|call| (call.started_at, call.session_id));
    let Some(last) = last else { return };
    let prepared =
        Prepared { n_calls: judged.len() as i64, last_call_at: Some(last.started_at), ..Prepared::default() };
    let prepared = prepared.with_last_call(last.session_id, call::ANALYSIS_STATUS, last.dialogue.findings.clone());
    let json = serde_json::to_string(&prepared).expect("it has no map with odd keys");
    let rebuilt_at = judged.iter().map(|call| call.analyzed_at).max();
    let session_id: SessionId = last.session_id;
    batch.contexts.push(&[&student_id, &json, &session_id, &rebuilt_at]);
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};
    use std::sync::LazyLock;

    use storage::analysis::Findings;
    use storage::curriculum::Curriculum;
    use storage::evidence::{Help, Verdict};
    use storage::phone::Phone;

    use super::*;

    static BOOK: LazyLock<Book> = LazyLock::new(|| Book::write(&Curriculum::starter()).unwrap());

    fn populate(seed: u64) -> Batch {
        let now = DateTime::from_timestamp(1_800_000_000, 123_456_789).unwrap();
        let mut population = Population::new(Size { students: 300, sessions: 900, seed }, &BOOK, now);
        let mut batch = Batch::default();
        while population.add_student(&mut batch) {}
        batch
    }

    fn cells(rows: &str) -> Vec<Vec<&str>> {
        rows.lines().map(|line| line.split('\t').collect()).collect()
    }

    fn json<T: serde::de::DeserializeOwned>(cell: &str) -> T {
        serde_json::from_str(&cell.replace("\\\\", "\\")).unwrap()
    }

    fn word<T: serde::de::DeserializeOwned>(cell: &str) -> T {
        serde_json::from_value(cell.into()).unwrap()
    }

    fn time(cell: &str) -> DateTime<Utc> {
        cell.replace(" UTC", "Z").parse().unwrap()
    }

    /// Observations as they stand in the rows of evidence, by student and skill.
    fn observations(batch: &Batch) -> HashMap<(String, String), Vec<Observation>> {
        let mut found: HashMap<_, Vec<Observation>> = HashMap::new();
        for row in cells(&batch.evidence.0) {
            found.entry((row[1].to_owned(), row[2].to_owned())).or_default().push(Observation {
                verdict: word::<Verdict>(row[6]),
                help: word::<Help>(row[7]),
                noise: row[9].parse().unwrap(),
                at: time(row[10]),
                call: Some(row[3].parse().unwrap()),
            });
        }
        found
    }

    #[test]
    fn one_seed_gives_the_same_rows_and_another_gives_others() {
        let (a, b, c) = (populate(7), populate(7), populate(8));
        for ((of_a, of_b), of_c) in a.tables().iter().zip(b.tables()).zip(c.tables()) {
            assert_eq!(of_a.1, of_b.1, "{}", of_a.0);
            assert_ne!(of_a.1, of_c.1, "{}", of_a.0);
        }
    }

    #[test]
    fn there_are_as_many_students_and_sessions_as_asked_for_each_with_an_id_of_its_own() {
        let batch = populate(1);
        let ids = |rows: &str| cells(rows).iter().map(|row| row[0].to_owned()).collect::<HashSet<_>>();
        assert_eq!((ids(&batch.students.0).len(), ids(&batch.sessions.0).len()), (300, 900));
        let calls: HashSet<_> = cells(&batch.sessions.0).iter().map(|row| row[1].to_owned()).collect();
        assert!(calls.len() == 900 && calls.contains("seed-1-0") && calls.contains("seed-1-899"));
        let phones = ids(&batch.phones.0);
        assert!((270..300).contains(&phones.len()), "{} numbers", phones.len());
        assert!(phones.iter().all(|phone| Phone::parse(phone).unwrap().as_str() == phone && phone.len() == 12));
    }

    #[test]
    fn no_number_is_one_of_the_demo() {
        assert_eq!((&phone(0, 0)[..], &phone(0, 99_999)[..]), ("+15550000000", "+15550099999"));
        assert_eq!((&phone(0, 100_000)[..], &phone(3, 799_999)[..]), ("+15550100100", "+15553800099"));
    }

    #[test]
    fn mastery_is_the_fold_of_the_evidence_bit_for_bit() {
        let batch = populate(2);
        let mut of_skills = observations(&batch);
        let rows = cells(&batch.mastery.0);
        assert!(rows.len() > 300);
        for row in rows {
            let seen = of_skills.remove(&(row[0].to_owned(), row[1].to_owned())).unwrap();
            let state = learner::fold(&seen).unwrap();
            let stored: Vec<f64> = row[2..5].iter().map(|cell| cell.parse().unwrap()).collect();
            assert_eq!(stored, [state.knowledge, state.stability, state.difficulty]);
            let counts: Vec<u32> = row[5..8].iter().map(|cell| cell.parse().unwrap()).collect();
            assert_eq!(counts, [state.n_evidence, state.n_unaided_correct, state.n_calls_correct]);
            assert_eq!(time(row[8]), state.last_at);
        }
        assert!(of_skills.is_empty(), "all evidence is folded");
    }

    #[test]
    fn what_is_analysed_has_findings_and_what_is_not_has_a_job_or_goes_on() {
        let batch = populate(3);
        let analyses: HashMap<_, Findings> =
            cells(&batch.analyses.0).iter().map(|row| (row[1].to_owned(), json(row[5]))).collect();
        let jobs: HashMap<_, _> =
            cells(&batch.jobs.0).iter().map(|row| (row[4].to_owned(), row[6].to_owned())).collect();
        let with_turns: HashSet<_> = cells(&batch.turns.0).iter().map(|row| row[0].to_owned()).collect();
        let skills: HashSet<_> = Curriculum::starter().skills.into_iter().map(|skill| skill.skill_id).collect();
        for row in cells(&batch.sessions.0) {
            let findings = analyses.get(row[0]);
            assert_eq!(findings.is_some(), row[4] == "analyzed");
            assert!(findings.iter().all(|f| f.skills.iter().all(|skill| skills.contains(&skill.skill_id))));
            let job = match row[4] {
                "received" => Some("ready"),
                "needs_attention" => Some("needs_attention"),
                _ => None,
            };
            assert_eq!(jobs.get(row[0]).map(String::as_str), job);
            assert_eq!(with_turns.contains(row[0]), row[4] != "in_progress");
            assert_eq!(row[5] != "\\N", row[4] == "needs_attention");
        }
        let n_analysed = analyses.len();
        assert!((825..885).contains(&n_analysed), "{n_analysed} of 900 are analysed");
    }

    #[test]
    fn most_calls_last_minutes_and_end_in_more_than_one_way() {
        let batch = populate(6);
        let ended: Vec<_> = cells(&batch.sessions.0).into_iter().filter(|row| row[9] != "\\N").collect();
        let minutes = |row: &Vec<&str>| (time(row[9]) - time(row[8])).num_minutes();
        let n_short = ended.iter().filter(|row| minutes(row) < 1).count();
        assert!((20..90).contains(&n_short), "{n_short} of {} calls are shorter than a minute", ended.len());
        assert!(ended.iter().all(|row| minutes(row) < 1 || (4..=20).contains(&minutes(row))));
        let reasons: HashSet<_> = ended.iter().map(|row| row[10]).collect();
        assert!(reasons.len() >= 4, "{reasons:?}");
    }

    #[test]
    fn a_context_tells_of_the_students_last_call_and_counts_all() {
        let batch = populate(4);
        let mut calls: HashMap<String, Vec<(DateTime<Utc>, String)>> = HashMap::new();
        for row in cells(&batch.sessions.0).iter().filter(|row| row[4] == "analyzed" && row[2] != "\\N") {
            calls.entry(row[2].to_owned()).or_default().push((time(row[8]), row[0].to_owned()));
        }
        for row in cells(&batch.contexts.0) {
            let prepared: Prepared = json(row[1]);
            let of_student = calls.remove(row[0]).unwrap();
            assert_eq!(prepared.n_calls, of_student.len() as i64);
            let (at, session_id) = of_student.into_iter().max().unwrap();
            assert_eq!((prepared.last_call_at, row[2]), (Some(at), &session_id[..]));
            assert_eq!(prepared.last_call.unwrap().session_id.to_string(), session_id);
        }
        assert!(calls.is_empty(), "each student with an analysed call has a context");
    }
}
