//! What a model is asked to fill in: the schema it sees, and the strict reading of what it wrote.

use serde::Deserialize;
use serde_json::{Value, json};
use shared::analysis::{Engagement, EngagementLevel, NextLesson};
use shared::evidence::{Help, Verdict};

/// Closed, so that a model that invents fields is told so.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Draft {
    pub(super) evidence: Vec<DraftEvidence>,
    pub(super) misconceptions: Vec<DraftMisconception>,
    pub(super) facts: Vec<DraftFact>,
    pub(super) safety_flags: Vec<DraftFlag>,
    pub(super) engagement: Option<DraftEngagement>,
    pub(super) summary: String,
    pub(super) next_lesson: Option<DraftLesson>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DraftEvidence {
    pub(super) turn_no: i32,
    pub(super) quote: String,
    pub(super) skill_id: String,
    pub(super) verdict: DraftVerdict,
    pub(super) help: Help,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DraftVerdict {
    Correct,
    Partial,
    Incorrect,
    /// Better said than guessed.
    Unclear,
}

impl DraftVerdict {
    pub(super) fn decided(self) -> Option<Verdict> {
        match self {
            Self::Correct => Some(Verdict::Correct),
            Self::Partial => Some(Verdict::Partial),
            Self::Incorrect => Some(Verdict::Incorrect),
            Self::Unclear => None,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DraftMisconception {
    pub(super) turn_no: i32,
    pub(super) quote: String,
    pub(super) skill_id: Option<String>,
    pub(super) belief: String,
    pub(super) resolved: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DraftFact {
    pub(super) turn_no: i32,
    pub(super) kind: String,
    pub(super) text: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DraftFlag {
    pub(super) turn_no: i32,
    pub(super) category: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DraftEngagement {
    pub(super) level: EngagementLevel,
    pub(super) mood: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DraftLesson {
    pub(super) goal: String,
    pub(super) steps: Vec<String>,
}

pub(super) const FACT_KINDS: [&str; 5] = ["interest", "preference", "schedule", "goal", "study_context"];
pub(super) const FLAG_CATEGORIES: [&str; 8] =
    ["self_harm", "abuse", "neglect", "bullying", "grooming", "danger", "personal_data", "other"];
pub(super) const MOODS: [&str; 6] = ["confident", "neutral", "anxious", "frustrated", "bored", "confused"];

impl Draft {
    /// The error is for the model: it names what does not fit, and repeats nothing that was said.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| {
            // Only the place: the message itself may repeat a value.
            format!("the JSON does not fit the schema at line {}, column {}", error.line(), error.column())
        })
    }
}

impl From<DraftEngagement> for Engagement {
    fn from(draft: DraftEngagement) -> Self {
        Self { level: draft.level, mood: draft.mood }
    }
}

impl From<DraftLesson> for NextLesson {
    fn from(draft: DraftLesson) -> Self {
        Self { goal: draft.goal, steps: draft.steps }
    }
}

/// In the subset that every provider takes. Evidence comes first: a model that has to quote before it sums up sums up
/// what it quoted.
pub(super) fn schema(skill_ids: &[&str]) -> Value {
    let object = |properties: Value| {
        let names: Vec<String> = properties.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
        json!({ "type": "object", "properties": properties, "required": names, "additionalProperties": false })
    };
    let list = |item: Value| json!({ "type": "array", "items": item });
    let one_of = |words: &[&str]| json!({ "type": "string", "enum": words });
    let or_null = |mut of: Value| {
        of["type"] = json!([of["type"].take(), "null"]);
        if let Some(words) = of.get_mut("enum").and_then(Value::as_array_mut) {
            words.push(Value::Null);
        }
        of
    };
    let (text, turn_no) = (json!({ "type": "string" }), json!({ "type": "integer" }));
    object(json!({
        "evidence": list(object(json!({
            "turn_no": turn_no, "quote": text, "skill_id": one_of(skill_ids),
            "verdict": one_of(&["correct", "partial", "incorrect", "unclear"]),
            "help": one_of(&["none", "hint", "told"]),
        }))),
        "misconceptions": list(object(json!({
            "turn_no": turn_no, "quote": text, "skill_id": or_null(one_of(skill_ids)), "belief": text,
            "resolved": { "type": "boolean" },
        }))),
        "facts": list(object(json!({ "turn_no": turn_no, "kind": one_of(&FACT_KINDS), "text": text }))),
        "safety_flags": list(object(json!({ "turn_no": turn_no, "category": one_of(&FLAG_CATEGORIES) }))),
        "engagement": or_null(object(json!({ "level": one_of(&["low", "medium", "high"]), "mood": one_of(&MOODS) }))),
        "summary": text,
        "next_lesson": or_null(object(json!({ "goal": text, "steps": list(text.clone()) }))),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes a value that fits the schema.
    fn sample(schema: &Value) -> Value {
        if let Some(words) = schema.get("enum") {
            return words[0].clone();
        }
        let kind = if schema["type"].is_array() { &schema["type"][0] } else { &schema["type"] };
        match kind.as_str().unwrap() {
            "object" => {
                let properties = schema["properties"].as_object().unwrap();
                assert_eq!(schema["required"].as_array().unwrap().len(), properties.len());
                assert_eq!(schema["additionalProperties"], false);
                properties.iter().map(|(name, of)| (name.clone(), sample(of))).collect()
            }
            "array" => json!([sample(&schema["items"])]),
            "integer" => json!(1),
            "boolean" => json!(false),
            _ => json!("text"),
        }
    }

    #[test]
    fn what_fits_the_schema_can_be_read() {
        let sample = sample(&schema(&["maths.fractions.add"]));
        let draft = Draft::read(&sample.to_string()).unwrap();
        assert_eq!(draft.evidence[0].skill_id, "maths.fractions.add");
        let names: Vec<_> = sample.as_object().unwrap().keys().collect();
        assert_eq!(
            (names[0], names[5]),
            (&"evidence".to_owned(), &"summary".to_owned()),
            "in the order that it is asked"
        );
    }

    #[test]
    fn what_does_not_fit_is_refused_without_being_repeated() {
        for text in ["{}", "[]", "not JSON", r#"{"evidence": [{"turn_no": "secret"}]}"#, r#"{"evidence": NaN}"#] {
            let error = Draft::read(text).unwrap_err();
            assert!(error.contains("line 1") && !error.contains("secret"), "{error}");
        }
    }
}
