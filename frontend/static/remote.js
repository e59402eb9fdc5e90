// The identity check before a camera. The server makes the challenge; this shows each prompt at its
// time, records the camera, and sends the recording once. It decides nothing.
(function () {
  "use strict";
  const box = document.querySelector("[data-remote]");
  if (!box) return;
  const form = box.querySelector("form");
  const video = box.querySelector("video");
  const start = box.querySelector("[data-start]");
  const prompt = box.querySelector("[data-prompt]");
  const bar = box.querySelector("progress");
  const TYPES = ["video/webm;codecs=vp8", "video/webm", "video/mp4"];
  const BITS = 2000000; // a second: enough for lips and lids

  const words = (name) => box.querySelector('[data-word="' + name + '"]').textContent;
  const token = () => form.querySelector("[name=csrfmiddlewaretoken]").value;
  function say(text, tone) {
    prompt.textContent = text;
    prompt.dataset.tone = tone || "";
  }

  function able() {
    return navigator.mediaDevices && navigator.mediaDevices.getUserMedia && window.MediaRecorder;
  }

  async function open() {
    const wanted = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 }, facingMode: "user" };
    const stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
    video.srcObject = stream;
    await video.play();
    return stream;
  }

  async function send(url, body) {
    const headers = { "X-CSRFToken": token(), Accept: "application/json" };
    const response = await fetch(url, { method: "POST", headers: headers, body: body });
    if (response.status === 201) return response.json();
    // The answer is a page that says what to do.
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const notice = page.querySelector(".notice");
    throw new Error(notice ? notice.innerText.trim() : words("failed"));
  }

  function record(stream, challenge) {
    return new Promise(function (resolve, reject) {
      const type = TYPES.find((each) => MediaRecorder.isTypeSupported(each));
      const recorder = new MediaRecorder(stream, { mimeType: type, videoBitsPerSecond: BITS });
      const chunks = [], shown = [];
      let began = 0;
      const after = (milliseconds, act) => window.setTimeout(act, milliseconds);
      recorder.ondataavailable = (event) => event.data.size && chunks.push(event.data);
      recorder.onerror = () => reject(new Error(words("failed")));
      recorder.onstop = () => resolve({ blob: new Blob(chunks, { type: type.split(";")[0] }), shown: shown });
      recorder.onstart = function () {
        began = performance.now();
        say(words("straight"));
        challenge.prompts.forEach(function (each) {
          after(each.start_ms, function () {
            shown.push(Math.round(performance.now() - began));
            say(words(each.action), "act");
          });
          after(each.end_ms - 700, () => say(words("straight")));
        });
        const tick = window.setInterval(function () {
          bar.value = Math.min(100, (100 * (performance.now() - began)) / challenge.milliseconds);
        }, 100);
        after(challenge.milliseconds, function () {
          window.clearInterval(tick);
          recorder.stop();
        });
      };
      recorder.start();
    });
  }

  async function run() {
    start.disabled = true;
    let stream = null;
    try {
      say(words("camera"));
      stream = await open();
      const challenge = await send(box.dataset.challenge, new FormData(form));
      bar.hidden = false;
      const made = await record(stream, challenge);
      say(words("sending"));
      const body = new FormData();
      body.append("recording", made.blob, made.blob.type === "video/mp4" ? "recording.mp4" : "recording.webm");
      body.append("camera", stream.getVideoTracks()[0].label);
      body.append("prompted", JSON.stringify(made.shown));
      window.location.assign((await send(challenge.upload, body)).page);
    } catch (error) {
      const denied = error.name === "NotAllowedError" || error.name === "NotFoundError" || error.name === "NotReadableError";
      say(denied ? words("no-camera") : error.message, "bad");
      bar.hidden = true;
      start.disabled = false;
    } finally {
      if (stream) stream.getTracks().forEach((track) => track.stop());
      video.srcObject = null;
    }
  }

  if (!able()) {
    say(words("no-camera"), "bad");
    start.disabled = true;
  }
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    run();
  });
})();
