//! One answer, one piece of evidence: an assistant's tool tells of it at once, and the analysis finds it again in the
//! transcript.

use chrono::TimeDelta;

use super::{Evidence, Source};

/// How long after the answer began an assistant still speaks of it, and how far two clocks may be apart.
const TOLD_WITHIN: TimeDelta = TimeDelta::seconds(60);
const CLOCKS_APART: TimeDelta = TimeDelta::seconds(5);

/// The rows without those that speak of an answer of which another row knows more: the tool, that was asked there and
/// then and knows the question's key, more than the analysis; a person more than the tool. What a person said to be no answer
/// goes too. The order stays.
pub(super) fn each_answer_once(mut rows: Vec<Evidence>) -> Vec<Evidence> {
    let dropped: Vec<usize> = (0..rows.len()).filter_map(|i| told_twice(&rows, i)).collect();
    let mut i = 0;
    rows.retain(|_| {
        i += 1;
        !dropped.contains(&(i - 1))
    });
    rows.retain(|row| row.corrects_id != Some(row.evidence_id));
    rows
}

/// Which row goes, where row `i` is a tool's and the answer it speaks of is there in another row.
fn told_twice(rows: &[Evidence], i: usize) -> Option<usize> {
    let tool = &rows[i];
    if tool.source != Source::Tool || tool.session_id.is_none() {
        return None;
    }
    let span = tool.observed_at - TOLD_WITHIN..=tool.observed_at + CLOCKS_APART;
    let answers = rows.iter().enumerate().filter(|(_, row)| {
        row.source != Source::Tool && row.session_id == tool.session_id && span.contains(&row.observed_at)
    });
    // The last one before the tool was called: a later answer is another.
    let (answer, row) = answers.max_by_key(|(_, row)| (row.observed_at, row.turn_no))?;
    Some(if row.source == Source::Person { i } else { answer })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::evidence::{Help, Verdict};
    use crate::id::{EvidenceId, SessionId, StudentId};

    fn row(source: Source, at: i64, session: u128) -> Evidence {
        Evidence {
            evidence_id: EvidenceId::new(),
            student_id: StudentId(Uuid::nil()),
            skill_id: "maths.fractions".to_owned(),
            session_id: (session > 0).then(|| SessionId(Uuid::from_u128(session))),
            analysis_id: None,
            turn_no: (source != Source::Tool).then_some(at as i32),
            verdict: Verdict::Correct,
            help: Help::None,
            source,
            noise: 0.1,
            corrects_id: None,
            observed_at: DateTime::UNIX_EPOCH + TimeDelta::seconds(at),
        }
    }

    fn left(rows: Vec<Evidence>) -> Vec<(Source, i64)> {
        each_answer_once(rows).iter().map(|row| (row.source, row.observed_at.timestamp())).collect()
    }

    #[test]
    fn a_tool_and_the_analysis_speak_of_the_same_answer() {
        let rows = vec![row(Source::Rules, 100, 1), row(Source::Rules, 140, 1), row(Source::Tool, 150, 1)];
        assert_eq!(left(rows), [(Source::Rules, 100), (Source::Tool, 150)]);
    }

    #[test]
    fn every_tool_call_takes_the_place_of_its_own_answer() {
        let rows = vec![
            row(Source::Both, 100, 1),
            row(Source::Tool, 104, 1),
            row(Source::Both, 120, 1),
            row(Source::Tool, 124, 1),
        ];
        assert_eq!(left(rows), [(Source::Tool, 104), (Source::Tool, 124)]);
    }

    #[test]
    fn what_is_of_another_call_or_long_past_stays() {
        let rows = vec![row(Source::Rules, 100, 2), row(Source::Rules, 30, 1), row(Source::Tool, 104, 1)];
        assert_eq!(left(rows).len(), 3);
        let off_the_phone = vec![row(Source::Rules, 100, 0), row(Source::Tool, 104, 0)];
        assert_eq!(left(off_the_phone).len(), 2);
    }

    #[test]
    fn a_person_outranks_the_tool() {
        let rows = vec![row(Source::Person, 100, 1), row(Source::Tool, 104, 1)];
        assert_eq!(left(rows), [(Source::Person, 100)]);
    }

    #[test]
    fn what_a_person_said_to_be_no_answer_counts_by_no_other_row_either() {
        let mut rows = vec![row(Source::Person, 100, 1), row(Source::Tool, 104, 1)];
        rows[0].corrects_id = Some(rows[0].evidence_id);
        assert_eq!(left(rows), []);
    }
}
