/** Tests on the template as it is packaged: once, as that takes longer than the tests. */
import "./template/resources.ts";
import "./template/permissions.ts";
