//! Downloads of a session: recording, transcript, and raw result of the analysis.

use std::fmt::Write as _;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use http::HeaderMap;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, IF_RANGE, RANGE};
use storage::analysis;
use storage::audit;
use storage::consent::{self, Purpose};
use storage::db::{Db, Error};
use storage::id::SessionId;
use storage::session::{self, SessionKey, move_recording};
use storage::student::{self, first_name};
use storage::transcript::{self, Speaker, Turn};

use crate::auth::Admin;
use crate::fault::Fault;
use crate::parts::turn::at;
use crate::recording::Recordings;

/// A player requests many ranges. Within this time they are one audit entry.
const ONE_HEARING: TimeDelta = TimeDelta::minutes(30);

/// Streams the recording. Its address is not sent to the browser.
pub(crate) async fn recording(
    admin: Admin,
    State(db): State<Db>,
    State(recordings): State<Recordings>,
    Path(session_id): Path<SessionId>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    admin.require_export()?;
    let session = session::get_session(&db, &admin.caller, &SessionKey::Id(session_id)).await?;
    let standings = consent::list_standings(&db, session.student_id, admin.viewer.now).await?;
    if !consent::allows(&standings, Purpose::Recording) {
        return Err(Fault::NotFound("recording"));
    }
    let address = session.recording_url.ok_or(Fault::NotFound("recording"))?;
    let (now, object) = (admin.viewer.now, format!("session:{session_id}"));
    audit::insert_entry_once_since(&db, &admin.caller, "recording.play", &object, now - ONE_HEARING, now).await?;
    // We send no validator, so no `If-Range` can match. RFC 9110 then requires the whole recording.
    let range = headers.get(RANGE).filter(|_| !headers.contains_key(IF_RANGE));
    match recordings.fetch(&address, range).await {
        // The address expired. The recording may still exist.
        Err(Fault::NotFound(_)) => {
            let found = recordings.find_again(&session.call_id).await?;
            // A player sends a request for every range.
            move_recording(&db, &admin.caller, session_id, &address, &found).await?;
            recordings.fetch(&found, range).await
        }
        heard => heard,
    }
}

/// The transcript as plain text.
pub(crate) async fn transcript_text(
    admin: Admin,
    State(db): State<Db>,
    Path(session_id): Path<SessionId>,
) -> Result<Response, Fault> {
    admin.require_file(&db).await?;
    let session = session::get_session(&db, &admin.caller, &SessionKey::Id(session_id)).await?;
    let turns = transcript::list_turns(&db, &admin.caller, session_id).await?;
    let name = match session.student_id {
        Some(student_id) => Some(student::get_student(&db, &admin.caller, student_id).await?.display_name),
        None => None,
    };
    record(&admin, &db, session_id, "session.transcript").await?;
    let started = session.started_at.unwrap_or(session.created_at).with_timezone(&admin.viewer.zone);
    let day = admin.viewer.full_date(started.date_naive());
    let heading = format!("{}, {day}, {}", name.as_deref().unwrap_or("Unknown caller"), started.format("%H:%M"));
    let text = plain(&heading, name.as_deref().map_or("Student", first_name), &turns);
    Ok(download("text/plain; charset=utf-8", &format!("transcript-{session_id}.txt"), text))
}

/// The findings of the current analysis, with people's marks.
pub(crate) async fn analysis_json(
    admin: Admin,
    State(db): State<Db>,
    Path(session_id): Path<SessionId>,
) -> Result<Response, Fault> {
    admin.require_file(&db).await?;
    let found = analysis::find_marked(&db, &admin.caller, session_id).await?;
    let found = found.ok_or(Error::NotFound("analysis"))?;
    record(&admin, &db, session_id, "session.analysis").await?;
    let text = serde_json::to_string_pretty(&found.findings).map_err(|_| Fault::Internal)?;
    Ok(download("application/json", &format!("analysis-{session_id}.json"), text))
}

async fn record(admin: &Admin, db: &Db, session_id: SessionId, action: &str) -> Result<(), Fault> {
    let object = format!("session:{session_id}");
    let nothing = serde_json::json!({});
    audit::insert_entry(db, &admin.caller, action, Some(&object), &nothing, admin.viewer.now).await?;
    Ok(())
}

fn download(mime: &'static str, name: &str, text: String) -> Response {
    let headers = [(CONTENT_TYPE, mime.to_owned()), (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))];
    (headers, text).into_response()
}

fn plain(heading: &str, student: &str, turns: &[Turn]) -> String {
    let mut text = format!("{heading}\n\n");
    for turn in turns {
        let speaker = match turn.speaker {
            Speaker::Tutor => "Tutor",
            Speaker::Student => student,
        };
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{:>7}  {speaker}: {}", at(turn.offset_ms), turn.text.replace(['\n', '\r'], " "));
    }
    text.push_str("\nSpeech is transcribed by machine and can be wrong.\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transcript_is_one_line_a_turn() {
        let turns = super::super::tests::data(None).turns;
        let text = plain("Maya, today", "Maya", &turns);
        assert!(text.contains("   0:10  Maya: Is it <one>?\n") && text.starts_with("Maya, today\n\n"), "{text}");
    }
}
