/*
 * Addresses: what publishes reads none.
 *
 * Who a message went to was a mail address until there was a register of recipients, and what a channel said
 * when it refused may quote one. The bulletins, the site and the feed need neither of these tables.
 */

REVOKE SELECT ON alert.delivery, alert.channel FROM drought_publish;
