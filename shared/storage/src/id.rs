//! One type for each kind of id, so that a student's id does not fit where a session's belongs.

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema, sqlx::Type,
        )]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(pub uuid::Uuid);

        impl $name {
            /// A new id; ids made later sort later.
            pub fn new() -> Self {
                Self(uuid::Uuid::now_v7())
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

id! {
    /// A learner.
    StudentId
    /// One tutoring call, as we keep it. VAPI's own id of it is a `call_id`.
    SessionId
    /// One received webhook request.
    DeliveryId
    /// A long repair, done in many steps.
    OverhaulId
    /// A unit of background work.
    JobId
    /// An import of students from a sheet.
    ImportId
    /// A run of the scheduled roster.
    RosterSyncId
    /// A merge of two records of one student.
    MergeId
    /// One judgement of one session.
    AnalysisId
    /// One observation about one skill.
    EvidenceId
    /// A person at the dashboard.
    AdminUserId
    /// A long-lived bearer of an API client.
    AgentKeyId
    /// What a person allowed an agent that they connected.
    AgentGrantId
    /// The access of a student or a guardian by an app.
    FamilyGrantId
    /// A wrong belief of a student.
    MisconceptionId
    /// A dated fact about a student.
    FactId
    /// Something a person has to do.
    FollowUpId
    /// One attempt at a call that the tutor places.
    OutboundCallId
    /// A note by a person or an assistant.
    NoteId
    /// One call of a tool by an assistant.
    ToolCallId
    /// A view of a list that a person keeps.
    SavedViewId
    /// A parent, or another who decides for a student.
    GuardianId
    /// A decision about consent.
    ConsentId
    /// A request to erase, or an erasure that is done.
    ErasureId
    /// A call that was erased.
    ErasedCallId
    /// A report to guardians, as it was sent.
    ReportId
    /// Where outgoing webhooks go.
    EndpointId
    /// An e-mail or an outgoing webhook.
    MessageId
    /// A passkey of a person at the dashboard.
    PasskeyId
}
