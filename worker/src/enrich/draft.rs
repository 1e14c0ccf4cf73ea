//! What a model fills in: the schema it sees, and the reading of what it wrote.
//!
//! **Invariant:** the only free text in an answer is a quotation, and a quotation only finds its turn.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use storage::analysis::{Engagement, EngagementLevel};
use storage::evidence::{Help, Verdict};

/// Fields that are not listed here are ignored: nothing of them is used.
#[derive(Debug, Deserialize)]
pub(super) struct Draft {
    #[serde(alias = "evidence")]
    pub(super) answers: Items<DraftAnswer>,
    /// Turns of the student that answer no task.
    #[serde(default)]
    pub(super) no_answers: Items<i32>,
    #[serde(default)]
    pub(super) misconceptions: Items<DraftMisconception>,
    #[serde(default)]
    pub(super) safety_flags: Items<DraftFlag>,
    #[serde(default, deserialize_with = "readable")]
    pub(super) engagement: Option<DraftEngagement>,
}

/// The items of a list that fit the schema, and how many do not.
#[derive(Debug)]
pub(super) struct Items<T> {
    pub(super) read: Vec<T>,
    pub(super) n_unreadable: usize,
}

impl<T> Default for Items<T> {
    fn default() -> Self {
        Self { read: Vec::new(), n_unreadable: 0 }
    }
}

/// One bad item does not spoil the others.
impl<'de, T: DeserializeOwned> Deserialize<'de> for Items<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = Vec::<Value>::deserialize(deserializer)?;
        let n = values.len();
        let read: Vec<T> = values.into_iter().filter_map(|value| serde_json::from_value(value).ok()).collect();
        Ok(Self { n_unreadable: n - read.len(), read })
    }
}

fn readable<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).ok())
}

#[derive(Debug, Deserialize)]
pub(super) struct DraftAnswer {
    pub(super) turn_no: i32,
    pub(super) quote: String,
    /// `None`: the task belongs to no skill of the curriculum.
    pub(super) skill_id: Option<String>,
    /// One of [`TOPICS`], where there is no skill.
    #[serde(default)]
    pub(super) topic: Option<String>,
    pub(super) verdict: DraftVerdict,
    pub(super) help: Help,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DraftVerdict {
    Correct,
    Partial,
    Incorrect,
    /// The model cannot tell.
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
pub(super) struct DraftMisconception {
    pub(super) turn_no: i32,
    /// A text of the catalogue. Other texts are dropped.
    pub(super) belief: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct DraftFlag {
    pub(super) turn_no: i32,
    pub(super) category: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct DraftEngagement {
    pub(super) level: EngagementLevel,
    pub(super) mood: String,
}

pub(super) const FLAG_CATEGORIES: [&str; 8] =
    ["self_harm", "abuse", "neglect", "bullying", "grooming", "danger", "personal_data", "other"];
pub(super) const MOODS: [&str; 6] = ["confident", "neutral", "anxious", "frustrated", "bored", "confused"];

/// What talk off the curriculum may be about. The last one is for all others.
pub(super) const TOPICS: [&str; 12] = [
    "science",
    "geography",
    "history",
    "music",
    "art",
    "sport",
    "computing",
    "religion",
    "literature",
    "another language",
    "other mathematics",
    "another topic",
];

/// Providers limit the values of an enumeration. With more skills than this, the identifier is a plain string and only the
/// gate checks it.
const MAX_ENUM: usize = 150;

impl Draft {
    /// The error is for the model: it names the place that does not fit, and repeats nothing that was said.
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

/// Returns the JSON Schema of an answer, in the subset that every provider takes. Answers come first: the rest follows from
/// them.
pub(super) fn schema(skill_ids: &[&str], beliefs: &[&str]) -> Value {
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
    let skill_id = if skill_ids.len() <= MAX_ENUM { one_of(skill_ids) } else { text.clone() };
    object(json!({
        "answers": list(object(json!({
            "turn_no": turn_no, "quote": text, "skill_id": or_null(skill_id),
            "topic": or_null(one_of(&TOPICS)),
            "verdict": one_of(&["correct", "partial", "incorrect", "unclear"]),
            "help": one_of(&["none", "hint", "told"]),
        }))),
        "no_answers": list(turn_no.clone()),
        "misconceptions": list(object(json!({ "turn_no": turn_no, "belief": one_of(beliefs) }))),
        "safety_flags": list(object(json!({ "turn_no": turn_no, "category": one_of(&FLAG_CATEGORIES) }))),
        "engagement": or_null(object(json!({ "level": one_of(&["low", "medium", "high"]), "mood": one_of(&MOODS) }))),
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
            _ => json!("text"),
        }
    }

    #[test]
    fn what_fits_the_schema_can_be_read() {
        let sample = sample(&schema(&["maths.fractions.add"], &["forgets to carry"]));
        let draft = Draft::read(&sample.to_string()).unwrap();
        assert_eq!(draft.answers.read[0].skill_id.as_deref(), Some("maths.fractions.add"));
        assert_eq!(
            (draft.no_answers.read, draft.misconceptions.read.len(), draft.engagement.is_some()),
            (vec![1], 1, true)
        );
        let names: Vec<_> = sample.as_object().unwrap().keys().collect();
        assert_eq!(names, ["answers", "no_answers", "misconceptions", "safety_flags", "engagement"], "in this order");
    }

    #[test]
    fn many_skills_are_no_enumeration() {
        let ids: Vec<String> = (0..=MAX_ENUM).map(|i| format!("maths.skill{i}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let skill = |ids: &[&str]| {
            schema(ids, &[])["properties"]["answers"]["items"]["properties"]["skill_id"]["enum"].is_array()
        };
        assert_eq!((skill(&ids), skill(&ids[1..])), (false, true));
    }

    #[test]
    fn what_does_not_fit_is_refused_without_being_repeated() {
        for text in ["{}", "[]", "not JSON", r#"{"answers": "secret"}"#, r#"{"answers": NaN}"#] {
            let error = Draft::read(text).unwrap_err();
            assert!(error.contains("line 1") && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn an_item_that_does_not_fit_leaves_the_others() {
        let answer = json!({ "turn_no": 1, "quote": "six", "skill_id": null, "verdict": "correct", "help": "none" });
        let bad = json!({ "turn_no": 1e99, "quote": 7 });
        let text = json!({ "answers": [bad, answer, "x"], "no_answers": [2, "three", null], "engagement": "high" });
        let draft = Draft::read(&text.to_string()).unwrap();
        assert_eq!((draft.answers.read.len(), draft.answers.n_unreadable), (1, 2));
        assert_eq!(draft.no_answers.read, [2]);
        assert!(draft.engagement.is_none());
    }
}
