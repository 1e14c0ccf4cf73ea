//! Shapes with given sides, angles, and what shapes are like.

use super::{Before, Found, Frame, key};
use crate::answer::Exact;
use crate::task::Wanted;
use crate::task::form::Form;
use crate::task::item::{End, Item, Num, Sentence};
use crate::task::words::{Cue, Quantity};

/// A shape whose sides are known.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::task) enum Shape {
    Rectangle(Exact, Exact),
    Square(Exact),
    Triangle { base: Exact, height: Exact },
    Cube(Exact),
    Cuboid(Exact, Exact, Exact),
    Circle { radius: Exact },
}

pub(in crate::task) fn find(sentence: &Sentence, all: &[Sentence], before: Before) -> Option<Found> {
    names(sentence)
        .or_else(|| angles(sentence, all, before))
        .or_else(|| right_triangle(sentence, all))
        .or_else(|| measures(sentence, all, before))
}

/// The numbers of an utterance with the keyword that is nearest before or after each.
fn numbers(all: &[Sentence]) -> Vec<Num> {
    all.iter().flat_map(|sentence| &sentence.numbers).copied().collect()
}

/// The number beside a keyword: "radius 4", "4 long".
fn beside(all: &[Sentence], cue: Cue) -> Option<Exact> {
    all.iter().find_map(|sentence| {
        let items = &sentence.items;
        let at = items.iter().position(|item| *item == Item::Cue(cue))?;
        let after = items[at + 1..]
            .iter()
            .take(3)
            .find_map(|item| if let Item::Num(num) = item { Some(num.value) } else { None });
        let blocked = items[at + 1..].iter().take(3).any(|item| matches!(item, Item::Comma | Item::Cue(Cue::And)));
        let before = items[..at]
            .iter()
            .rev()
            .take(2)
            .find_map(|item| if let Item::Num(num) = item { Some(num.value) } else { None });
        if blocked { before.or(after) } else { after.or(before) }
    })
}

pub(in crate::task) fn shape(all: &[Sentence], before: Before) -> Option<Shape> {
    const KINDS: [Cue; 11] = [
        Cue::Circle,
        Cue::Radius,
        Cue::Diameter,
        Cue::Cube,
        Cue::Cuboid,
        Cue::Volume,
        Cue::Triangle,
        Cue::Square,
        Cue::Rectangle,
        Cue::Width,
        Cue::Long,
    ];
    let is_named = all.iter().any(|sentence| sentence.has_any(&KINDS));
    if !is_named && !matches!(before.shape, Some(Shape::Rectangle(..))) {
        return None;
    }
    let has = |cue: Cue| all.iter().any(|sentence| sentence.has(cue));
    let nums = numbers(all);
    let values: Vec<Exact> = nums.iter().map(|num| num.value).collect();
    let by_two = all
        .iter()
        .any(|s| s.items.windows(2).any(|pair| matches!(pair, [Item::Num(_) | Item::Unit(_), Item::Cue(Cue::By)])));
    if has(Cue::Circle) || has(Cue::Radius) || has(Cue::Diameter) {
        let [value] = values[..] else { return None };
        let radius = if has(Cue::Radius) && beside(all, Cue::Radius).is_some() {
            beside(all, Cue::Radius)?
        } else if beside(all, Cue::Diameter).is_some() {
            value.over(Exact::whole(2))?
        } else {
            return None;
        };
        return Some(Shape::Circle { radius });
    }
    if has(Cue::Cube) {
        return if let [side] = values[..] { Some(Shape::Cube(side)) } else { None };
    }
    if let ([a, b, c], true) = (&values[..], has(Cue::Cuboid) || has(Cue::Volume)) {
        return Some(Shape::Cuboid(*a, *b, *c));
    }
    if has(Cue::Triangle) {
        let (base, height) = (beside(all, Cue::Base)?, beside(all, Cue::Height)?);
        return (values.len() == 2 && base != height).then_some(Shape::Triangle { base, height });
    }
    if has(Cue::Square)
        && !all
            .iter()
            .any(|s| s.text.contains("square met") || s.text.contains("square cent") || s.text.contains("square f"))
    {
        return if let [side] = values[..] { Some(Shape::Square(side)) } else { None };
    }
    let known_kind =
        has(Cue::Rectangle) || matches!(before.shape, Some(Shape::Rectangle(..))) || has(Cue::Width) && has(Cue::Long);
    if let ([a, b], true) = (&values[..], known_kind) {
        // "If the area is twenty and one side is five"
        if has(Cue::Area) && has(Cue::Side) && !by_two {
            let (area, side) = (beside(all, Cue::Area)?, beside(all, Cue::Side)?);
            return Some(Shape::Rectangle(side, area.over(side)?));
        }
        let plain = by_two || has(Cue::Width) || has(Cue::Long) || has(Cue::Side) || has(Cue::Rectangle);
        return plain.then_some(Shape::Rectangle(*a, *b));
    }
    None
}

fn perimeter(shape: &Shape) -> Option<Exact> {
    match shape {
        Shape::Rectangle(a, b) => a.plus(*b)?.times(Exact::whole(2)),
        Shape::Square(a) => a.times(Exact::whole(4)),
        _ => None,
    }
}

fn area(shape: &Shape) -> Option<Exact> {
    match shape {
        Shape::Rectangle(a, b) => a.times(*b),
        Shape::Square(a) => a.times(*a),
        Shape::Triangle { base, height } => base.times(*height)?.over(Exact::whole(2)),
        _ => None,
    }
}

fn volume(shape: &Shape) -> Option<Exact> {
    match shape {
        Shape::Cube(a) => a.pow(3),
        Shape::Cuboid(a, b, c) => a.times(*b)?.times(*c),
        _ => None,
    }
}

fn measures(sentence: &Sentence, all: &[Sentence], before: Before) -> Option<Found> {
    const ASKED: [Cue; 8] =
        [Cue::Perimeter, Cue::Area, Cue::Volume, Cue::Circumference, Cue::Radius, Cue::Diameter, Cue::Side, Cue::Other];
    let asks = sentence.end != End::Stop || sentence.has_any(&[Cue::WhatIs, Cue::Solve]);
    let asks_measure = asks && sentence.has_any(&ASKED);
    let goes_on = sentence.has(Cue::By) && matches!(before.form, Some(Form::Perimeter | Form::Area));
    if !asks_measure && !goes_on {
        return None;
    }
    let new = shape(all, before);
    let known = new.clone().or_else(|| if numbers(all).is_empty() { before.shape.cloned() } else { None });
    let remember = |found: Found| match known.clone() {
        Some(shape) => found.with(Frame::Shape(shape)),
        None => found,
    };
    let squares = sentence.has(Cue::Square) || all.iter().any(|s| s.has(Cue::Square));
    if !asks_measure {
        // "Try five metres by two."
        let form = before.form.filter(|_| matches!(new, Some(Shape::Rectangle(..))))?;
        let value = if form == Form::Area { area(new.as_ref()?) } else { perimeter(new.as_ref()?) };
        return Some(remember(Found::new(form, Wanted::Measure, value.map(|value| key(value, true)))));
    }
    let text = |value: Option<Exact>| value.map(|value| key(value, true));
    let shape = known.as_ref();
    // The last quantity is the one that is asked: "If the area is twenty …, what is the perimeter?"
    let last = sentence.items.iter().rev().find_map(|item| match item {
        Item::Cue(cue) if ASKED.contains(cue) && *cue != Cue::Side => Some(*cue),
        _ => None,
    });
    let asked_by_number = |cue: Cue| beside(std::slice::from_ref(sentence), cue).is_some();
    let joined = sentence.items.iter().any(|item| matches!(item, Item::Cue(Cue::And)))
        && all.iter().any(|s| s.has(Cue::Square) && s.has(Cue::Rectangle));
    Some(match last {
        Some(Cue::Perimeter) => remember(Found::new(Form::Perimeter, Wanted::Measure, text(shape.and_then(perimeter)))),
        Some(Cue::Area) if !asked_by_number(Cue::Area) || squares => {
            let value = shape.and_then(area).filter(|_| !joined);
            remember(Found::new(Form::Area, Wanted::Measure, text(value)))
        }
        Some(Cue::Volume) => remember(Found::new(Form::Volume, Wanted::Measure, text(shape.and_then(volume)))),
        Some(Cue::Radius) => {
            let value = if let Some(Shape::Circle { radius }) = shape { Some(*radius) } else { None };
            remember(Found::new(Form::Circle, Wanted::Measure, text(value.filter(|_| !asked_by_number(Cue::Radius)))))
        }
        Some(Cue::Diameter) => {
            let value = if let Some(Shape::Circle { radius }) = shape { radius.times(Exact::whole(2)) } else { None };
            remember(Found::new(Form::Circle, Wanted::Measure, text(value.filter(|_| !asked_by_number(Cue::Diameter)))))
        }
        Some(Cue::Circumference) => Found::form(Form::Circle, Wanted::Measure),
        Some(Cue::Other) if all.iter().any(|s| s.has(Cue::Area)) => {
            let value = if let Some(Shape::Rectangle(_, other)) = shape { Some(*other) } else { None };
            remember(Found::new(Form::Area, Wanted::Measure, text(value)))
        }
        _ => return None,
    })
}

/// Sides of named shapes and names of shapes with so many sides.
fn names(sentence: &Sentence) -> Option<Found> {
    const SIDES: [(&str, i64); 12] = [
        ("triangle", 3),
        ("quadrilateral", 4),
        ("rectangle", 4),
        ("pentagon", 5),
        ("hexagon", 6),
        ("heptagon", 7),
        ("octagon", 8),
        ("nonagon", 9),
        ("decagon", 10),
        ("square", 4),
        ("parallelogram", 4),
        ("rhombus", 4),
    ];
    let named = SIDES.iter().find(|(name, _)| sentence.text.contains(name));
    let nums = &sentence.numbers;
    if sentence.has(Cue::HowMany)
        && sentence.has_any(&[Cue::Side, Cue::Vertices, Cue::Faces, Cue::Edges])
        && nums.is_empty()
    {
        let solid =
            [("cube", [6, 12, 8]), ("cuboid", [6, 12, 8])].into_iter().find(|(name, _)| sentence.text.contains(name));
        let expected = match (named, solid) {
            (_, Some((_, [faces, edges, corners]))) => {
                match (sentence.has(Cue::Faces), sentence.has(Cue::Edges), sentence.has(Cue::Vertices)) {
                    (true, false, false) => Some(faces),
                    (false, true, false) => Some(edges),
                    (false, false, true) => Some(corners),
                    _ => None,
                }
            }
            (Some((_, sides)), None)
                if sentence.has_any(&[Cue::Side, Cue::Vertices]) && !sentence.has_any(&[Cue::Same, Cue::Parallel]) =>
            {
                Some(*sides)
            }
            _ => None,
        };
        let known = expected.is_some() || sentence.has(Cue::Polygon);
        return known.then(|| Found::new(Form::Shape, Wanted::Number, expected.map(|n| n.to_string())));
    }
    let is_shape = sentence.has_word("shape") || sentence.has_word("polygon");
    let sided = sentence.text.contains("sided") || sentence.has(Cue::Side);
    if is_shape
        && sided
        && (sentence.has_any(&[Cue::What, Cue::WhatIs, Cue::Which]) || sentence.end != End::Stop || !nums.is_empty())
        && !sentence.has_any(&[Cue::Perimeter, Cue::Area])
    {
        let only = nums.len() == 1 && !sentence.has_any(&[Cue::Same, Cue::Equals, Cue::Parallel, Cue::RightAngle]);
        let count = nums.first().and_then(|num| num.to_whole()).filter(|count| only && *count != 4);
        let name = count.and_then(|count| SIDES.iter().find(|(_, sides)| *sides == count));
        return (!nums.is_empty())
            .then(|| Found::new(Form::Shape, Wanted::Word, name.map(|(name, _)| (*name).to_owned())));
    }
    None
}

fn angles(sentence: &Sentence, all: &[Sentence], before: Before) -> Option<Found> {
    let has = |cue: Cue| all.iter().any(|sentence| sentence.has(cue));
    let says = |text: &str| all.iter().any(|sentence| sentence.text.contains(text));
    let degrees = all
        .iter()
        .any(|s| s.items.iter().any(|item| matches!(item, Item::Unit(unit) if unit.quantity == Quantity::Degree)));
    let about = has(Cue::Angle) || has(Cue::RightAngle) || has(Cue::AroundPoint) || has(Cue::StraightLine);
    let nums = numbers(all);
    if *before.frame == Frame::AngleName
        && nums.len() == 1
        && sentence.end == End::Question
        && sentence.items.len() <= 7
    {
        return Some(angle_name(nums[0]));
    }
    let triangle =
        has(Cue::Triangle) && (degrees || sentence.has(Cue::Third) || has(Cue::Angle) || has(Cue::RightAngle));
    if !about && !triangle || has(Cue::RightTriangle) && !has(Cue::Angle) {
        return None;
    }
    let asks = sentence.end != End::Stop || sentence.has(Cue::WhatIs);
    if !asks || has(Cue::Area) || has(Cue::Perimeter) || has(Cue::Side) && !has(Cue::Angle) {
        return None;
    }
    // "One angle's a hundred and thirty-five."
    let nums: Vec<Num> = nums.into_iter().filter(|num| num.value != Exact::ONE).collect();
    let total = |whole: i64| {
        let mut left = Exact::whole(whole);
        for num in &nums {
            left = left.minus(num.value)?;
        }
        (left > Exact::ZERO).then_some(left)
    };
    let asks_value = sentence.has_any(&[Cue::WhatIs, Cue::What, Cue::HowMany, Cue::Other, Cue::Third]);
    let expected = if nums.is_empty() {
        let sum = says("add up")
            || says("adds up")
            || says("add to")
            || says("adds to")
            || says("sum of the angles")
            || says("angles in a");
        if sum && has(Cue::Triangle) && !has(Cue::RightAngle) {
            Some(Exact::whole(180))
        } else if (sum || says("how many degrees")) && has(Cue::AroundPoint) {
            Some(Exact::whole(360))
        } else if has(Cue::RightAngle)
            && sentence.has(Cue::HowMany)
            && degrees
            && !has(Cue::Triangle)
            && !says("right angles")
        {
            Some(Exact::whole(90))
        } else {
            None
        }
    } else if says("what do you call")
        || says("what kind")
        || says("what type")
        || says("called")
        || says("acute")
        || says("obtuse")
    {
        return Some(if let [num] = nums[..] { angle_name(num) } else { Found::form(Form::Angle, Wanted::Word) });
    } else if !asks_value {
        None
    } else if triangle && has(Cue::RightAngle) && nums.len() == 1 {
        total(90)
    } else if triangle && nums.len() == 2 && !has(Cue::RightAngle) && !says("isosceles") && !says("exterior")
        || has(Cue::StraightLine) && !has(Cue::Triangle) && nums.len() <= 3 && !says("equal")
    {
        total(180)
    } else if has(Cue::AroundPoint) && !says("equal") {
        total(360)
    } else if nums.len() == 1
        && (says("alternate") || says("corresponding") || says("vertically opposite") || says("vertical angles"))
        && has(Cue::Other)
    {
        Some(nums[0].value)
    } else if nums.len() == 1 && says("complement") {
        total(90)
    } else if nums.len() == 1 && says("supplement") {
        total(180)
    } else {
        None
    };
    Some(Found::new(Form::Angle, Wanted::Number, expected.map(|value| key(value, true))))
}

fn angle_name(num: Num) -> Found {
    let degrees = num.value;
    let between = |low: i64, high: i64| degrees > Exact::whole(low) && degrees < Exact::whole(high);
    let name = if between(0, 90) {
        Some("acute")
    } else if degrees == Exact::whole(90) {
        Some("right")
    } else if between(90, 180) {
        Some("obtuse")
    } else if degrees == Exact::whole(180) {
        Some("straight")
    } else if between(180, 360) {
        Some("reflex")
    } else {
        None
    };
    Found::new(Form::Angle, Wanted::Word, name.map(str::to_owned)).with(Frame::AngleName)
}

fn right_triangle(sentence: &Sentence, all: &[Sentence]) -> Option<Found> {
    let has = |cue: Cue| all.iter().any(|sentence| sentence.has(cue));
    let named = all.iter().any(|s| s.text.contains("pythag"));
    if !has(Cue::RightTriangle) && !has(Cue::Hypotenuse) && !named
        || sentence.end == End::Stop && !sentence.has(Cue::WhatIs)
        || has(Cue::Area)
    {
        return None;
    }
    let nums = numbers(all);
    let asks_longest = sentence.has_any(&[Cue::Hypotenuse, Cue::Third]) || sentence.text.contains("third side");
    let given_longest = beside(all, Cue::Hypotenuse).is_some() && !sentence.has(Cue::Hypotenuse);
    let expected = match nums[..] {
        [a, b]
            if asks_longest && !given_longest && beside(std::slice::from_ref(sentence), Cue::Hypotenuse).is_none() =>
        {
            a.value.pow(2)?.plus(b.value.pow(2)?)?.square_root()
        }
        _ => None,
    };
    let relevant = !nums.is_empty() || sentence.has(Cue::Hypotenuse) && !sentence.has_any(&[Cue::You]);
    relevant.then(|| Found::new(Form::Pythagoras, Wanted::Number, expected.map(|value| key(value, true))))
}
