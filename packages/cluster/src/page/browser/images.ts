/** Grey images, which the page holds as bytes. */

export function drawImages(): void {
  for (const canvas of document.querySelectorAll<HTMLCanvasElement>('canvas[data-pixels]')) {
    const context = canvas.getContext('2d');
    if (context === null) continue;
    const bytes = Uint8Array.from(atob(canvas.dataset.pixels ?? ''), (character) => character.charCodeAt(0));
    const image = context.createImageData(canvas.width, canvas.height);
    for (const [i, byte] of bytes.entries()) image.data.set([byte, byte, byte, 255], 4 * i);
    context.putImageData(image, 0, 0);
  }
}
