// Takes a file by drop, and shows how much of it has been sent. Without this the form works as any
// form does.
(() => {
  "use strict";

  const form = document.getElementById("upload");
  const input = document.getElementById("file");
  const drop = document.getElementById("drop");
  const problem = document.getElementById("problem");
  const sending = document.getElementById("sending");
  const bar = document.getElementById("sent");
  const words = document.getElementById("sending-words");
  const button = form.querySelector("button[type=submit]");
  const maxBytes = Number(form.dataset.maxBytes);

  document.getElementById("browser-zone").value =
    Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  form.querySelector(".drop-hint").hidden = false;

  function tell(sentence) {
    problem.textContent = sentence;
    problem.hidden = !sentence;
    if (sentence) problem.scrollIntoView({ block: "nearest" });
  }

  // What can be said before anything is sent; empty if nothing is wrong.
  function wrongWith(file) {
    if (file.size > maxBytes) {
      return `This file is too large; we take up to ${form.dataset.maxSize}. Download a shorter ` +
        "time, such as a year at once, or pack the file as .zip, and send that.";
    }
    return file.size ? "" : "The file is empty.";
  }

  function looked() {
    const file = input.files[0];
    tell(file ? wrongWith(file) : "");
  }

  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("drop-over");
    });
  }
  for (const name of ["dragleave", "drop"]) {
    drop.addEventListener(name, () => drop.classList.remove("drop-over"));
  }
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    const files = event.dataTransfer.files;
    if (files.length === 1) {
      input.files = files;
      looked();
    } else {
      tell("One file at a time, please. You can add the others afterwards.");
    }
  });
  input.addEventListener("change", looked);

  function ended(sentence) {
    sending.hidden = true;
    button.disabled = false;
    tell(sentence);
  }

  function answered(request) {
    let answer = {};
    try {
      answer = JSON.parse(request.responseText);
    } catch {
      // An error page, as of a proxy: it says nothing that helps here.
    }
    if (answer.location) {
      window.location.assign(answer.location);
    } else if (answer.problem) {
      ended(answer.problem);
    } else if (request.status === 413) {
      ended("This file is larger than we can take.");
    } else {
      ended("This did not work. Reload the page, and send the file again.");
    }
  }

  form.addEventListener("submit", (event) => {
    const file = input.files[0];
    if (!file) return;
    event.preventDefault();
    const wrong = wrongWith(file);
    tell(wrong);
    if (wrong) return;

    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (progress) => {
      if (!progress.lengthComputable) return;
      const percent = Math.floor((progress.loaded / progress.total) * 100);
      bar.value = percent;
      words.textContent = percent < 100 ? `Sending: ${percent}%` : "It is here. We are keeping it safely …";
    });
    request.addEventListener("load", () => answered(request));
    request.addEventListener("error", () => {
      ended("The connection broke before the file was here. Send it again.");
    });
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.send(new FormData(form));
    button.disabled = true;
    bar.value = 0;
    words.textContent = "Sending …";
    sending.hidden = false;
  });

  // Coming back to the page with the browser's button finds it as it was left.
  window.addEventListener("pageshow", () => ended(problem.textContent));
})();
