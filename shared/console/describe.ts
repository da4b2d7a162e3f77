/** What CloudWatch shows to people who add the widget. The first block of YAML is an example of its parameters. */
export const describePages = `## Millrace console

Runs of a stage, why they failed, and the buttons that repair them.

### Widget parameters

\`\`\`yaml
# Leave it empty. The widget then opens its first page, and stays on a page when it is refreshed.
{}
\`\`\`

A person who views the widget needs \`lambda:InvokeFunction\` on the function \`console\`, and on \`console-act\` for its
buttons. docs/console.md has the details.
`;

/** The same for the function that changes runs. It is no widget. */
export const describeChanges = `## Millrace console: changes

This function is for the buttons of the Millrace console. Don't add it as a widget: use the function \`console\`.

\`\`\`yaml
act: { action: cancel, runId: RUN }
\`\`\`
`;
