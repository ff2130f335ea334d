//! Acts, which the policy lets nobody do yet: a log carries them as any other entry.

use serde_json::{Map, Value, json};
use snug_server::log::Span;
use snug_shared::{Act, ActKind, Body, ErrorCode, Intent, Seq};
use uuid::Uuid;

use super::bench::{ALL, Bench, every_log, message, new, refused, repeated, seqs};

every_log! {
    nobody_may_do_an_act
    an_act_is_an_entry_as_any_other
    settings_are_folded_into_what_is_known_of_the_room
}

fn act(kind: ActKind, payload: Value) -> Act {
    let Value::Object(payload) = payload else { panic!("a payload is an object") };
    Act::new(kind, payload).expect("an act")
}

fn mute() -> Act {
    act(ActKind::Moderation, json!({ "act": "mute", "who": "h:bob", "until": 7, "name": "bob" }))
}

fn settings(changed: Value) -> Act {
    act(ActKind::Settings, json!({ "settings": changed }))
}

async fn nobody_may_do_an_act(bench: Bench) {
    bench.say("ada", "hello").await;
    for act in
        [mute(), settings(json!({ "locked": true })), act(ActKind::Settings, Value::Object(Map::new()))]
    {
        for who in ["ada", "mod"] {
            assert_eq!(refused(bench.send(who, Intent::Act(act.clone())).await), ErrorCode::NotAllowed);
        }
    }
    assert_eq!(bench.record("tea").await.last, 1);
}

async fn an_act_is_an_entry_as_any_other(bench: Bench) {
    let bench = bench.without_policy();
    let id = Uuid::now_v7();
    bench.say("ada", "mute is what the first word is").await;
    let live = new(bench.send_as(id, "mod", Intent::Act(mute())).await);
    assert_eq!((live.seq, &live.body), (2, &Body::Act(mute())));
    new(bench.send("mod", Intent::Act(settings(json!({ "slow_s": 10 })))).await);
    bench.say("ada", "goodbye").await;
    // It is in order, the same in pages, and answered again when it is repeated.
    assert_eq!(seqs(&bench.all().await), [1, 2, 3, 4]);
    assert_eq!(bench.all().await[1], live);
    assert_eq!(bench.read(Span::Before(4), 2).await.entries[0], live);
    assert_eq!(*repeated(bench.send_as(id, "mod", Intent::Act(mute())).await), live);
    let another = Intent::Act(act(ActKind::Moderation, json!({ "act": "kick", "who": "h:bob" })));
    assert_eq!(refused(bench.send_as(id, "mod", another).await), ErrorCode::IdConflict);
    assert_eq!(bench.find("mute").await, [1], "an act is no message");
    if bench.persists() {
        let bench = bench.restart().await;
        assert_eq!(bench.all().await[1], live);
        assert_eq!(bench.find("mute").await, [1]);
    }
}

async fn settings_are_folded_into_what_is_known_of_the_room(bench: Bench) {
    let bench = bench.without_policy();
    assert_eq!(bench.record("tea").await.settings.to_json(), "{}");
    for (changed, stand) in [
        (json!({ "locked": true, "slow_s": 10 }), r#"{"locked":true,"slow_s":10}"#),
        (json!({ "slow_s": null }), r#"{"locked":true}"#),
    ] {
        new(bench.send("mod", Intent::Act(settings(changed))).await);
        new(bench.send("mod", Intent::Act(mute())).await);
        assert_eq!(bench.record("tea").await.settings.to_json(), stand);
    }
    new(bench.send("ada", message("hello")).await);
    assert_eq!(bench.search("hello", Span::Before(Seq::MAX), ALL).await.room.last, 5);
    if bench.persists() {
        let bench = bench.restart().await;
        assert_eq!(bench.record("tea").await.settings.to_json(), r#"{"locked":true}"#);
    }
}
