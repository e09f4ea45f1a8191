//! How many lines of each level there were over the range, above the list: to see where something happened, and to go there.

use leptos::ev::PointerEvent;
use leptos::html::Div;
use leptos::prelude::*;
use protocol::model::Level;

use super::bars_table::BarsTable;
use super::chart::Chart;
use super::pane::LogPane;
use crate::live::{HEIGHT_UNITS, LogBars, bar_words, sum};

/// The bars, what they say, and the same as a table.
#[component]
pub(super) fn LogHistogramView(pane: LogPane) -> impl IntoView {
    let chart = Chart::new(pane);
    chart.keep_counted();
    let words = Memo::new(move |_| chart.words());
    let zoom_out = move || {
        (!chart.before.with(Vec::is_empty)).then(|| {
            view! {
                <button type="button" class="button button--small" on:click=move |_| chart.zoom_out()>
                    "Zoom out"
                </button>
            }
        })
    };
    view! {
        <div class="log-histogram">
            <Bars chart />
            <div class="log-bars-foot">
                <p class="meta" aria-live="off" title=move || words.get()>
                    {move || words.get()}
                </p>
                {zoom_out}
                <button
                    type="button"
                    class="button button--small button--quiet"
                    aria-expanded=move || chart.as_table.get().to_string()
                    on:click=move |_| chart.as_table.update(|is| *is = !*is)
                >
                    "Table"
                </button>
            </div>
            {move || chart.as_table.get().then(|| view! { <BarsTable chart /> })}
        </div>
    }
    .into_any()
}

#[component]
fn Bars(chart: Chart) -> impl IntoView {
    let place = NodeRef::<Div>::new();
    let pressed = StoredValue::new(None::<usize>);
    let bar_at = move |event: &PointerEvent| {
        let area = place.get_untracked()?.get_bounding_client_rect();
        let count =
            chart.bars.with_untracked(|bars| bars.as_ref().map(|bars| bars.histogram().bars.len()))?;
        let part = (f64::from(event.client_x()) - area.left()) / area.width().max(1.0);
        Some(((part * count as f64).max(0.0) as usize).min(count - 1))
    };
    let down = move |event: PointerEvent| {
        pressed.set_value(bar_at(&event));
        if let Some(place) = place.get_untracked() {
            // it fails for pointers that are gone already
            let _ = place.set_pointer_capture(event.pointer_id());
        }
    };
    let moved = move |event: PointerEvent| {
        let bar = bar_at(&event);
        chart.cursor.set(bar.map(|bar| {
            let start = pressed.get_value().unwrap_or(bar);
            (start.min(bar), start.max(bar))
        }));
    };
    let up = move |event: PointerEvent| {
        let (start, end) = (pressed.get_value(), bar_at(&event));
        pressed.set_value(None);
        if let Some((start, end)) = start.zip(end) {
            chart.zoom(start.min(end), start.max(end));
        }
    };
    let left = move || {
        pressed.set_value(None);
        chart.cursor.set(None);
    };
    let label = move || {
        let words = chart.bars.with(|bars| bars.as_ref().map(|bars| bar_words(&sum(&bars.histogram().bars))));
        format!(
            "Lines over time: {}. Arrow keys choose a bar, with Shift several, Enter shows only these, Backspace zooms out",
            words.unwrap_or_default()
        )
    };
    view! {
        <div
            class="log-bars"
            tabindex="0"
            role="group"
            aria-label=label
            node_ref=place
            on:pointerdown=down
            on:pointermove=moved
            on:pointerup=up
            on:pointercancel=move |_| left()
            on:pointerleave=move |_| left()
            on:keydown=move |event| chart.key(&event)
        >
            {move || chart.bars.with(|bars| bars.as_ref().map(|bars| drawing(chart, bars)))}
        </div>
    }
    .into_any()
}

/// One path for each level, and one for the edits.
fn drawing(chart: Chart, bars: &LogBars) -> impl IntoView + use<> {
    let levels =
        Level::ALL.map(|level| view! { <path class=format!("bar--{level}") d=bars.path(level)></path> });
    let width = bars.width();
    let marks =
        chart.marks(bars).into_iter().map(|place| format!("M{:.1} 0v{HEIGHT_UNITS}", place * width as f64));
    let marks: String = marks.collect();
    let shade = move || {
        let (first, last) = chart.cursor.get()?;
        let each = width
            / chart.bars.with_untracked(|bars| bars.as_ref().map(|bars| bars.histogram().bars.len()))?;
        let (x, across) = (first * each, (last + 1 - first) * each);
        Some(view! { <rect class="bar-cursor" x=x y="0" width=across height=HEIGHT_UNITS></rect> })
    };
    view! {
        <svg viewBox=format!("0 0 {width} {HEIGHT_UNITS}") preserveAspectRatio="none" aria-hidden="true">
            {shade}
            {levels.into_iter().collect_view()}
            <path class="bar-marks" d=marks></path>
        </svg>
    }
}
