/** Tests of the packaged template. It's packaged once for all, because that takes longer than the tests. */
import "./template/resources.ts";
import "./template/permissions.ts";
import "./template/observability.ts";
import "./template/console-access.ts";
