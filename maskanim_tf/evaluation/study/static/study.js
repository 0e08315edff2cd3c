// The page of a study: rounds in an order of each person's own, and the file of their answers.
//
// STUDY, of trials.js, holds { study, rounds, sets: [[{ trial, films }]], welcome, farewell }. Films
// have meaningless names; whose they are stands in no file of this folder.

"use strict";

const STORE = `maskanim-study-${STUDY.study}`;
const QUESTIONS = ["quality", "motion"];
const REST = 600; // Milliseconds between two runs of the films.

const byId = (id) => document.getElementById(id);
const state = read() || newPerson();
let shown = 0; // When the round appeared.
let paused = false;
let rest = 0;

function random(below) {
  // Equally likely up to a part in 10^7.
  return crypto.getRandomValues(new Uint32Array(1))[0] % below;
}

function shuffled(list) {
  const mixed = [...list];
  for (let last = mixed.length - 1; last > 0; last--) {
    const other = random(last + 1);
    [mixed[last], mixed[other]] = [mixed[other], mixed[last]];
  }
  return mixed;
}

// Somebody without answers: which pairs of each data set, and in which order their films.
function newPerson() {
  const name = crypto.getRandomValues(new Uint32Array(2));
  const drawn = STUDY.sets.flatMap((set) => shuffled(set).slice(0, STUDY.rounds || set.length));
  return {
    person: [...name].map((part) => part.toString(16).padStart(8, "0")).join(""),
    rounds: shuffled(drawn).map(({ trial, films }) => ({ trial, shown: shuffled(films) })),
    votes: [],
  };
}

function read() {
  try {
    return JSON.parse(localStorage.getItem(STORE));
  } catch {
    return null;
  }
}

function keep() {
  try {
    localStorage.setItem(STORE, JSON.stringify(state));
  } catch {
    complain("This browser does not keep your answers: do not close the page before you saved them.");
  }
}

function complain(message) {
  byId("message").textContent = message;
  byId("message").hidden = false;
}

function show(section) {
  for (const id of ["welcome", "round", "end"]) {
    byId(id).hidden = id !== section;
  }
  const [done, all] = [state.votes.length, state.rounds.length];
  byId("progress").hidden = section === "welcome";
  byId("progress").max = all;
  byId("progress").value = done;
  byId("place").textContent = section === "round" ? `Round ${done + 1} of ${all}` : "";
  scrollTo(0, 0);
}

function showWelcome() {
  const count = state.rounds.length;
  byId("words").textContent = STUDY.welcome;
  byId("words").hidden = !STUDY.welcome;
  byId("rounds").textContent = count === 1 ? "There is one round" : `There are ${count} rounds`;
  byId("begin").textContent = state.votes.length ? "Go on" : "Begin";
  show("welcome");
}

function showRound() {
  const round = state.rounds[state.votes.length];
  if (!round) {
    showEnd();
    return;
  }
  byId("source").src = `films/${round.trial}.png`;
  byId("driver").src = `films/${round.trial}.mp4`;
  byId("films").replaceChildren(...round.shown.map(figure));
  for (const letters of document.querySelectorAll(".letters")) {
    letters.replaceChildren(...round.shown.map((film, at) => choice(letters, film, at)));
  }
  const last = state.votes.length + 1 === state.rounds.length;
  byId("next").textContent = last ? "Finish" : "Next";
  byId("next").disabled = true;
  setPaused(false);
  show("round");
  shown = Date.now();
  start();
}

function letter(at) {
  return String.fromCharCode(65 + at);
}

function figure(film, at) {
  const video = Object.assign(document.createElement("video"), {
    src: `films/${film}.mp4`,
    muted: true,
    playsInline: true,
    preload: "auto",
  });
  const name = document.createElement("b");
  name.textContent = letter(at);
  const caption = document.createElement("figcaption");
  caption.append(name);
  const whole = document.createElement("figure");
  whole.append(video, caption);
  return whole;
}

function choice(letters, film, at) {
  const input = Object.assign(document.createElement("input"), {
    type: "radio",
    name: letters.dataset.question,
    value: film,
    required: true,
  });
  const name = document.createElement("span");
  name.textContent = letter(at);
  const label = document.createElement("label");
  label.append(input, name);
  return label;
}

function films() {
  return [...document.querySelectorAll("#round video")];
}

// All films begin together, once all of them can.
async function start() {
  const running = films();
  for (const film of running) {
    film.onended = again;
    film.onerror = () =>
      complain("A film does not play. Is the folder complete? Or try Chrome, Edge, Firefox or Safari.");
  }
  await Promise.all(running.map(ready));
  if (running[1] === films()[1] && !paused) {
    play();
  }
}

function ready(film) {
  const enough = film.readyState >= HTMLMediaElement.HAVE_ENOUGH_DATA;
  return enough || new Promise((done) => film.addEventListener("canplaythrough", done, { once: true }));
}

// When the last one has ended, all begin again.
function again() {
  if (films().every((film) => film.ended)) {
    clearTimeout(rest);
    rest = setTimeout(() => paused || play(), REST);
  }
}

function play() {
  const all = films();
  if (all.every((film) => film.ended)) {
    all.forEach((film) => (film.currentTime = 0));
  }
  for (const film of all.filter((each) => !each.ended)) {
    // Interrupted by the next round.
    film.play().catch(() => {});
  }
}

function setPaused(wanted) {
  paused = wanted;
  byId("pause").textContent = paused ? "Play" : "Pause";
}

function answers() {
  return Object.fromEntries(new FormData(byId("questions")));
}

function vote() {
  const given = answers();
  state.votes.push({
    ...state.rounds[state.votes.length],
    ...Object.fromEntries(QUESTIONS.map((question) => [question, given[question]])),
    seconds: Math.round((Date.now() - shown) / 1000),
  });
  keep();
  showRound();
}

function showEnd() {
  films().forEach((film) => film.pause());
  const [done, all] = [state.votes.length, state.rounds.length];
  byId("done").textContent =
    done === all ? "You have seen all films." : `You have seen ${done} of ${all} rounds.`;
  byId("farewell").textContent = `Save your answers as a file. ${STUDY.farewell}`;
  byId("save").disabled = !done;
  byId("back").hidden = done === all;
  byId("saved").hidden = true;
  byId("another").hidden = true;
  show("end");
}

function save() {
  const ballot = {
    study: STUDY.study,
    person: state.person,
    rounds: state.rounds.length,
    votes: state.votes,
  };
  const content = JSON.stringify({ crc32: crc32(JSON.stringify(ballot)), ballot });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: "application/json" }));
  link.download = `answers-${state.person}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  byId("saved").textContent = `Saved among your downloads as ${link.download}`;
  byId("saved").hidden = false;
  byId("another").hidden = false;
}

// By which a damaged file is known.
function crc32(text) {
  let rest = -1;
  for (const byte of new TextEncoder().encode(text)) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      rest = (rest >>> 1) ^ (rest & 1 ? 0xedb88320 : 0);
    }
  }
  return (~rest >>> 0).toString(16).padStart(8, "0");
}

byId("begin").addEventListener("click", showRound);
byId("questions").addEventListener("change", () => {
  byId("next").disabled = QUESTIONS.some((question) => !answers()[question]);
});
byId("questions").addEventListener("submit", (event) => {
  event.preventDefault();
  vote();
});
byId("pause").addEventListener("click", () => {
  setPaused(!paused);
  paused ? films().forEach((film) => film.pause()) : play();
});
byId("stop").addEventListener("click", showEnd);
byId("back").addEventListener("click", showRound);
byId("save").addEventListener("click", save);
byId("another").addEventListener("click", () => {
  Object.assign(state, newPerson());
  keep();
  showWelcome();
});

keep();
if (state.votes.length === state.rounds.length) {
  showEnd();
} else {
  showWelcome();
}
