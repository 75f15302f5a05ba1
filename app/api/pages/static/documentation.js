// Starts Swagger UI on this server's contract, with three habits of its own.
"use strict";

const KEY = "Idempotency-Key";
const METHODS = ["get", "put", "post", "patch", "delete"];

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // crypto.randomUUID exists over https only
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// A key serves for one demand: each operation starts with its own, and gets another once it has been answered for good.
function freshKeys() {
  const withKeys = (contract) => {
    for (const item of Object.values(contract.paths)) {
      for (const { parameters = [] } of METHODS.flatMap((method) => item[method] ?? [])) {
        for (const parameter of parameters.filter(({ name }) => name === KEY)) parameter.example = newKey();
      }
    }
    return contract;
  };
  const updateJsonSpec = (proceed) => (contract) => proceed(withKeys(contract));
  const setResponse = (proceed, { specActions, specSelectors }) => (path, method, answer) => {
    const operation = specSelectors.specJsonWithResolvedSubtrees().getIn(["paths", path, method]);
    const parameter = operation.get("parameters")?.find((one) => one.get("name") === KEY);
    const { status, headers } = answer.err?.response ?? answer;
    if (parameter && status < 500 && !headers["retry-after"]) {
      specActions.changeParamByIdentity([path, method], parameter, newKey());
    }
    return proceed(path, method, answer);
  };
  return { statePlugins: { spec: { wrapActions: { updateJsonSpec, setResponse } } } };
}

// A problem is said in words above its JSON, with the way to its page.
function saidProblems() {
  const problemIn = (response) => {
    const type = response?.getIn(["headers", "content-type"]) ?? "";
    return type.startsWith("application/problem+json") ? JSON.parse(response.get("text")) : null;
  };
  const liveResponse = (Original, { React: { createElement, Fragment } }) => (props) => {
    const problem = problemIn(props.response);
    const said = problem && createElement(
      "p",
      { className: "said-problem", role: "status" },
      createElement("strong", null, `${problem.status} ${problem.title}.`),
      ` ${problem.detail} `,
      createElement("a", { href: problem.type }, "Que faire ?"),
    );
    return createElement(Fragment, null, said, createElement(Original, props));
  };
  return { wrapComponents: { liveResponse } };
}

// The errors that an operation may answer take a line each: they are all of one shape, and each code has its page.
function briefErrors() {
  const response = (Original, { React: { createElement } }) => (props) => {
    if (props.code < "400") return createElement(Original, props);
    const Markdown = props.getComponent("Markdown", true);
    const source = props.response.get("description").replace(/`([a-z-]+)`/g, "[`$1`](/problems/$1)");
    return createElement(
      "tr",
      { className: "response", "data-code": props.code },
      createElement("td", { className: "response-col_status" }, props.code),
      createElement("td", { className: "response-col_description", colSpan: 2 }, createElement(Markdown, { source })),
    );
  };
  return { wrapComponents: { response } };
}

SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [freshKeys, saidProblems, briefErrors],
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  persistAuthorization: true,
  tryItOutEnabled: true,
  defaultModelsExpandDepth: 0,
});
