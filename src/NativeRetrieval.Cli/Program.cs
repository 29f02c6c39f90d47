using System.Runtime.InteropServices;
using NativeRetrieval.Cli;
using NativeRetrieval.Cli.Output;

using var stop = new CancellationTokenSource();
// The first signal asks for a clean stop; a second one ends the process at once, as without a handler.
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
return await Application.RunAsync(args, Terminal.OfProcess(), stop.Token);

void Stop(PosixSignalContext signal)
{
    if (stop.IsCancellationRequested) return;
    signal.Cancel = true;
    stop.Cancel();
}
