import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.rest.api.Constants;
import ca.uhn.fhir.rest.api.MethodOutcome;
import ca.uhn.fhir.rest.client.api.IGenericClient;
import ca.uhn.fhir.rest.client.api.ServerValidationModeEnum;
import ca.uhn.fhir.rest.server.exceptions.ResourceGoneException;
import ca.uhn.fhir.util.BundleBuilder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.CapabilityStatement;
import org.hl7.fhir.r4.model.DateType;
import org.hl7.fhir.r4.model.Observation;
import org.hl7.fhir.r4.model.Parameters;
import org.hl7.fhir.r4.model.Patient;
import org.hl7.fhir.r4.model.Reference;
import org.hl7.fhir.r4.model.StringType;

/** What a program does that uses HAPI's client. The argument is the base URL of an empty FHIR service. */
public final class FhirFlow {
    private static final int PATIENTS = 25;

    public static void main(String[] arguments) {
        FhirContext context = FhirContext.forR4();
        // As it comes, the client asks for the capability statement before its first request.
        context.getRestfulClientFactory().setServerValidationMode(ServerValidationModeEnum.ONCE);
        IGenericClient client = context.newRestfulGenericClient(arguments[0]);

        CapabilityStatement capabilities =
                client.capabilities().ofType(CapabilityStatement.class).execute();
        equal("4.0.1", capabilities.getFhirVersion().toCode());

        List<String> ids = new ArrayList<>();
        for (int number = 0; number < PATIENTS; number++) {
            MethodOutcome outcome =
                    client.create().resource(patient("" + number)).execute();
            equal(true, outcome.getCreated());
            ids.add(outcome.getId().getIdPart());
        }
        String id = ids.get(0);
        Patient read = client.read().resource(Patient.class).withId(id).execute();
        equal("0", read.getIdentifierFirstRep().getValue());
        equal("1", read.getMeta().getVersionId());

        Set<String> found = new HashSet<>();
        List<Integer> sizes = new ArrayList<>();
        Bundle page = client.search()
                .forResource(Patient.class)
                .where(Patient.FAMILY.matches().value("Hapi"))
                .count(10)
                .returnBundle(Bundle.class)
                .execute();
        while (page != null) {
            sizes.add(page.getEntry().size());
            page.getEntry().forEach(entry -> found.add(entry.getResource().getIdElement().getIdPart()));
            page = page.getLink(Bundle.LINK_NEXT) == null ? null : client.loadPage().next(page).execute();
        }
        equal(List.of(10, 10, 5), sizes);
        equal(new HashSet<>(ids), found);

        read.setBirthDateElement(new DateType("1980-02-29"));
        equal("2", client.update().resource(read).execute().getId().getVersionIdPart());

        MethodOutcome again = client.create()
                .resource(patient("0"))
                .conditional()
                .where(Patient.IDENTIFIER.exactly().systemAndIdentifier("urn:hapi", "0"))
                .execute();
        equal(id, again.getId().getIdPart());

        Bundle answer = client.transaction().withBundle(transaction(context)).execute();
        equal(List.of("201", "201"), answer.getEntry().stream()
                .map(entry -> entry.getResponse().getStatus().substring(0, 3))
                .toList());
        Bundle about = client.search()
                .forResource(Observation.class)
                .where(Observation.SUBJECT.hasChainedProperty(
                        "Patient", Patient.IDENTIFIER.exactly().systemAndIdentifier("urn:hapi", "transaction")))
                .include(Observation.INCLUDE_SUBJECT)
                .returnBundle(Bundle.class)
                .execute();
        equal(2, about.getEntry().size());

        Parameters patch = new Parameters();
        Parameters.ParametersParameterComponent operation = patch.addParameter().setName("operation");
        operation.addPart().setName("type").setValue(new org.hl7.fhir.r4.model.CodeType("replace"));
        operation.addPart().setName("path").setValue(new StringType("Patient.birthDate"));
        operation.addPart().setName("value").setValue(new DateType("1981-01-01"));
        equal("3", client.patch().withFhirPatch(patch).withId("Patient/" + id).execute().getId().getVersionIdPart());

        client.delete().resourceById("Patient", id).execute();
        try {
            client.read().resource(Patient.class).withId(id).execute();
            throw new AssertionError("a deleted patient was read");
        } catch (ResourceGoneException expected) {
            equal(Constants.STATUS_HTTP_410_GONE, expected.getStatusCode());
        }

        Bundle history = client.history()
                .onInstance("Patient/" + id)
                .returnBundle(Bundle.class)
                .execute();
        equal(List.of("DELETE", "PUT", "PUT", "POST"), history.getEntry().stream()
                .map(entry -> entry.getRequest().getMethod().toCode())
                .toList());
    }

    private static Patient patient(String value) {
        Patient patient = new Patient();
        patient.addName().setFamily("Hapi");
        patient.addIdentifier().setSystem("urn:hapi").setValue(value);
        return patient;
    }

    private static Bundle transaction(FhirContext context) {
        BundleBuilder builder = new BundleBuilder(context);
        Patient mother = patient("transaction");
        mother.setId("urn:uuid:6c1c7d1a-6f0d-4b3b-9a7b-2a2f0f3f6a04");
        Observation weight = new Observation();
        weight.setStatus(Observation.ObservationStatus.FINAL);
        weight.getCode().setText("weight");
        weight.setSubject(new Reference(mother.getId()));
        builder.addTransactionCreateEntry(mother);
        builder.addTransactionCreateEntry(weight);
        return builder.getBundleTyped();
    }

    private static void equal(Object expected, Object actual) {
        if (!expected.equals(actual)) {
            throw new AssertionError("expected " + expected + ", got " + actual);
        }
    }
}
