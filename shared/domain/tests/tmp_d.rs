//! temp
use domain::disclosure;
#[test]
fn t() {
    for f in ["calls", "realistic", "../dialogues/dialogues"] {
        let s = std::fs::read_to_string(format!("{}/../../tests/cases/{f}.jsonl", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let mut n = 0;
        let mut fl = 0;
        if f.contains("dial") {};
        let t0 = std::time::Instant::now();
        let mut bytes = 0;
        for l in s.lines() {
            let v: serde_json::Value = serde_json::from_str(l).unwrap();
            let t: Vec<(bool, String)> = v["turns"]
                .as_array()
                .unwrap()
                .iter()
                .map(|t| {
                    (t["speaker"] != "tutor" && t["speaker"] != "teacher", t["text"].as_str().unwrap().to_string())
                })
                .collect();
            let said: Vec<disclosure::Said> =
                t.iter().map(|(c, t)| disclosure::Said { is_child: *c, text: t }).collect();
            n += said.iter().filter(|s| s.is_child).count();
            bytes += t.iter().map(|t| t.1.len()).sum::<usize>();
            for d in disclosure::disclosures(&said) {
                fl += 1;
                println!(
                    "{f} {:?} | {}",
                    d.category,
                    d.turns.iter().map(|i| t[*i].1.as_str()).collect::<Vec<_>>().join(" // ")
                );
            }
            // also tutor turns as text
            for (c, t) in &t {
                if !c {
                    let x = disclosure::in_text(t);
                    if !x.is_empty() {
                        println!("   tutor {x:?} {t}");
                    }
                }
            }
        }
        println!("{f}: {fl} flags in {n} turns; {} bytes {:?}", bytes, t0.elapsed());
    }
}
#[test]
fn fresh() {
    let Ok(s) = std::fs::read_to_string("/tmp/d/fresh.txt") else { return };
    let mut cat = String::new();
    let mut st: std::collections::BTreeMap<bool, (usize, usize)> = Default::default();
    for l in s.lines() {
        if let Some(c) = l.strip_prefix("# ") {
            cat = c.into();
            continue;
        }
        if l.trim().is_empty() {
            continue;
        }
        let x = disclosure::in_text(l);
        let harmless = cat == "ok";
        let e = st.entry(harmless).or_default();
        e.1 += 1;
        if x.is_empty() != harmless {
            println!("{cat} {x:?} | {l}");
        } else {
            e.0 += 1;
            if !harmless && !x.iter().any(|c| c.as_str() == cat) {
                println!("     ({cat} as {x:?}) | {l}");
            }
        }
    }
    println!("fresh {st:?} (harmless? (ok, n))");
}
#[test]
fn dbg() {
    if let Ok(t) = std::env::var("DBG") {
        for x in t.split('|') {
            eprintln!("{x} -> {:?}", disclosure::in_text(x));
        }
    }
}
