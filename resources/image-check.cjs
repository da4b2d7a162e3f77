"use strict";
class ImageCheck {}
module.exports = ImageCheck;
